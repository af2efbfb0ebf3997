/** Every public operation that gives a future says in its doc comment what cancelling it costs. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const SRC = new URL('../src/', import.meta.url).pathname;
const ENTRIES = [
  'index.ts',
  'net/index.ts',
  'io/index.ts',
  'sync/index.ts',
  'stream/index.ts',
  'node/index.ts',
  'fs/index.ts',
  'process/index.ts',
  'testing/index.ts',
];
/** What begins and ends no work of its own: it is what whoever awaits it says. */
const PLAIN = new Set(['ready']);

const read = (path: string): string => readFileSync(SRC + path, 'utf8');

/** The names that the entries export. */
function publicNames(): Set<string> {
  const names = new Set<string>();
  for (const entry of ENTRIES)
    for (const [, list] of read(entry).matchAll(/export (?:type )?\{([^}]*)\}/g))
      for (const item of (list as string).split(',')) names.add(item.replace('type ', '').trim());
  return names;
}

/** A public type, with the doc comment before it. */
const TYPE = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:abstract )?(?:class|interface) (\w+)[\s\S]*?^\}/gm;

interface Operation {
  readonly name: string;
  readonly doc: string;
}

const SIGNATURE = String.raw`(?:<.*?>)?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\): Future<`;

/** What `declaration` finds in a text, with the doc comment before it. Overloads share that of the first. */
function operations(text: string, declaration: string): Operation[] {
  const found = new Map<string, string>();
  const pattern = new RegExp(String.raw`(/\*\*(?:(?!\*/)[\s\S])*\*/\n)?^${declaration}${SIGNATURE}`, 'gm');
  for (const { 1: doc = '', 2: name = '' } of text.matchAll(pattern)) found.set(name, (found.get(name) ?? '') + doc);
  return [...found].map(([name, doc]) => ({ name, doc }));
}

function publicOperations(): Operation[] {
  const names = publicNames();
  const all: Operation[] = [];
  for (const path of globSync('{future,task,time,sync,stream,node,io,net,net/udp,net/unix,fs,process,testing}/*.ts', {
    cwd: SRC,
  })) {
    if (path.includes('.test.')) continue;
    const text = read(path);
    all.push(...operations(text, String.raw`export function (\w+)`).filter(({ name }) => names.has(name)));
    for (const [whole, about = '', type] of text.matchAll(TYPE)) {
      // A type may say it once for all of its operations.
      if (!names.has(type as string) || /is \*safe\* to cancel/.test(about)) continue;
      const methods = operations(whole, String.raw`  (?:static )?(?!private |protected |override |get )(\w+)`);
      all.push(...methods.map(({ name, doc }) => ({ name: `${type}.${name}`, doc })));
    }
  }
  return all.filter(({ doc }) => !doc.includes('@internal'));
}

test('every public operation says what cancelling it costs', () => {
  const all = publicOperations();
  // It reads the sources as text: where it finds little, it has not understood them.
  for (const name of [
    'select',
    'retry',
    'Mutex.lock',
    'Stream.next',
    'CancellationToken.run',
    'TaskGroup.spawn',
    'once',
    'UdpSocket.recv',
    'File.readAt',
    'writeFileAtomic',
    'Command.output',
    'Child.stop',
    'PipeWriter.write',
  ])
    assert.ok(
      all.some((operation) => operation.name === name),
      name,
    );
  const silent = all.filter(({ name, doc }) => !PLAIN.has(name) && !/[Cc]ancel/.test(doc));
  assert.deepEqual(
    silent.map(({ name }) => name),
    [],
  );
});
