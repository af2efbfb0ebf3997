import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { run, timeout } from 'pawl';
import { END } from 'pawl/stream';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { both, folder } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { listDir, readDir, remove, walk, watch, writeFile } from './index.ts';

/** A tree of so many directories with files in each. */
function tree(at: string, directories: number, files: number): void {
  for (let d = 0; d < directories; d++) {
    mkdirSync(`${at}/d${d}`);
    for (let f = 0; f < files; f++) writeFileSync(`${at}/d${d}/f${f}`, '');
  }
}

const open = (): number => readdirSync('/proc/self/fd').length;

describe('readDir', () => {
  both('gives every entry once, with its type and path', function* (at) {
    for (let n = 0; n < 1500; n++) writeFileSync(`${at}/${n}`, '');
    mkdirSync(`${at}/directory`);
    symlinkSync('x', `${at}/link`);
    const entries = yield* readDir(`${at}/`).toArray();
    assert.equal(new Set(entries.map(({ name }) => name)).size, 1502);
    assert.equal(entries.length, 1502);
    const of = (wanted: string): unknown => entries.find(({ name }) => name === wanted);
    assert.deepEqual(of('7'), { name: '7', path: `${at}/7`, type: 'file' });
    assert.deepEqual(of('directory'), { name: 'directory', path: `${at}/directory`, type: 'directory' });
    assert.deepEqual(of('link'), { name: 'link', path: `${at}/link`, type: 'symlink' });
    assert.deepEqual(
      (yield* listDir(at)).map(({ name }) => name).toSorted(),
      entries.map(({ name }) => name).toSorted(),
    );
  });

  both('gives none of an empty directory, and fails where there is none', function* (at) {
    assert.deepEqual(yield* readDir(at).toArray(), []);
    const error = yield* failure(readDir(`${at}/none`).next());
    assert.deepEqual([error.code, error.syscall, error.path], ['ENOENT', 'opendir', `${at}/none`]);
    writeFileSync(`${at}/file`, '');
    assert.equal((yield* failure(readDir(`${at}/file`).toArray())).code, 'ENOTDIR');
    assert.equal((yield* failure(listDir(`${at}/none`))).code, 'ENOENT');
    assert.throws(() => readDir(''), { code: 'BAD_ARGUMENT' });
  });

  both('closes the directory when its consumer has enough', function* (at) {
    tree(at, 2, 600);
    const before = open();
    assert.equal((yield* readDir(`${at}/d0`).take(3).toArray()).length, 3);
    const stream = readDir(`${at}/d1`);
    yield* stream.next();
    yield* stream.close();
    assert.equal(yield* stream.next(), END);
    assert.equal(open(), before);
  });

  both('of a directory that is removed meanwhile ends, or says so', function* (at) {
    mkdirSync(`${at}/gone`);
    const stream = readDir(`${at}/gone`);
    // Opened, and nothing in it.
    rmdirSync(`${at}/gone`);
    const error = yield* failure(stream.next());
    assert.equal(error.code, 'ENOENT');
    tree(at, 1, 1500);
    const listed = readDir(`${at}/d0`);
    yield* listed.next();
    yield* remove(`${at}/d0`, { recursive: true });
    const rest = yield* listed.toArray();
    assert.ok(rest.length <= 1499);
  });

  it('loses no entry when a next is cancelled, and leaves no directory open', async () => {
    const at = folder();
    tree(at, 3, 10);
    let finished = 0;
    await cancelEverywhere(function* () {
      let count = 0;
      const stream = readDir(`${at}/d0`);
      try {
        for (;;) {
          let entry: unknown;
          try {
            entry = yield* timeout(0, stream.next());
          } catch {
            continue;
          }
          if (entry === END) break;
          count++;
        }
        assert.equal(count, 10);
        finished++;
      } finally {
        yield* stream.close();
      }
      yield* walk(at).forEach(() => {});
    });
    assert.ok(finished > 1);
  });
});

describe('walk', () => {
  both('gives each directory before what is in it, and everything once', function* (at) {
    tree(at, 12, 7);
    mkdirSync(`${at}/d3/deep`);
    writeFileSync(`${at}/d3/deep/file`, '');
    symlinkSync('..', `${at}/d3/deep/up`);
    const entries = yield* walk(at).toArray();
    assert.equal(entries.length, 12 + 12 * 7 + 3);
    assert.equal(new Set(entries.map(({ path }) => path)).size, entries.length);
    const index = new Map(entries.map(({ path }, i) => [path, i]));
    for (const { path, depth } of entries) {
      const above = path.slice(0, path.lastIndexOf('/'));
      if (above === at) assert.equal(depth, 1);
      else assert.ok(index.get(above)! < index.get(path)!);
    }
    // The contents of one directory are not mixed with another's.
    const below = entries.filter(({ depth }) => depth === 2).map(({ path }) => path.split('/').at(-2));
    const changes = below.filter((name, i) => name !== below[i - 1]).length;
    assert.equal(changes, 12);
    assert.equal(entries.find(({ name }) => name === 'up')?.type, 'symlink');
  });

  both('goes as deep as it is told, and not where it is told not to', function* (at) {
    tree(at, 3, 2);
    assert.equal((yield* walk(at, { maxDepth: 1 }).toArray()).length, 3);
    const some = yield* walk(at, { enter: ({ name }) => name === 'd1' }).toArray();
    assert.equal(some.length, 5);
    for (const maxDepth of [0, NaN, '1' as never])
      assert.throws(() => walk(at, { maxDepth }), { code: 'BAD_ARGUMENT' });
    assert.equal((yield* failure(walk(`${at}/none`).next())).code, 'ENOENT');
  });

  both('passes over a directory that has been removed before its turn', function* (at) {
    tree(at, 3, 1);
    const seen: string[] = [];
    yield* walk(at).forEach(function* ({ name, path, depth }) {
      seen.push(name);
      if (depth === 1 && seen.length === 1) {
        for (const other of ['d0', 'd1', 'd2']) {
          if (!path.endsWith(other)) yield* remove(`${at}/${other}`, { recursive: true });
        }
      }
    });
    assert.equal(seen.filter((name) => name.startsWith('f')).length, 1);
  });

  both('is closed with its consumer', function* (at) {
    tree(at, 30, 1);
    const before = open();
    assert.equal((yield* walk(at).take(2).toArray()).length, 2);
    assert.equal(open(), before);
  });
});

describe('watch', () => {
  both('tells what happens from when it is there, repetitions once', function* (at) {
    const events = yield* watch(at);
    yield* writeFile(`${at}/a`, 'x');
    for (let n = 0; n < 3; n++) yield* writeFile(`${at}/a`, 'y', { flags: 'a' });
    yield* remove(`${at}/a`);
    const seen: string[] = [];
    while (seen.at(-1) !== 'removed a') {
      const event = yield* events.next();
      assert.notEqual(event, END);
      if (event !== END) seen.push(`${event.kind} ${event.name}`);
    }
    assert.deepEqual(seen.slice(0, 3), ['created a', 'modified a', 'closed-write a']);
    assert.ok(seen.every((event, at) => event !== seen[at - 1]));
    yield* events.close();
    assert.equal(yield* events.next(), END);
  });

  both('ends when what is watched is gone', function* (at) {
    mkdirSync(`${at}/inner`);
    const events = yield* watch(`${at}/inner`);
    rmdirSync(`${at}/inner`);
    assert.deepEqual(yield* events.toArray(), [{ kind: 'gone' }]);
    assert.equal((yield* failure(watch(`${at}/inner`))).code, 'ENOENT');
    writeFileSync(`${at}/file`, '');
    const file = yield* watch(`${at}/file`);
    yield* writeFile(`${at}/file`, 'x');
    yield* remove(`${at}/file`);
    const kinds = (yield* file.toArray()).map(({ kind }) => kind);
    assert.equal(kinds.at(-1), 'gone');
    assert.ok(kinds.includes('modified'));
  });

  it('tells that more happened than its queue holds', { timeout: 60_000 }, async () => {
    const at = folder();
    await run(function* () {
      const events = yield* watch(at);
      // The limit that Linux has unless it is told otherwise: 16,384 events that differ from the one before them.
      for (let n = 0; n < 10_000; n++) {
        writeFileSync(`${at}/${n % 2}`, '');
      }
      let overflow = false;
      let count = 0;
      while (!overflow) {
        const event = yield* events.next();
        if (event !== END && event.kind === 'overflow') overflow = true;
        assert.ok(++count < 40_000);
      }
      yield* events.close();
    });
  });

  it('leaves nothing, wherever it is cancelled', async () => {
    const at = folder();
    await cancelEverywhere(function* () {
      const events = yield* watch(at);
      try {
        yield* writeFile(`${at}/a`, 'x');
        yield* events.next();
        yield* remove(`${at}/a`);
        while (((yield* events.next()) as { kind: string }).kind !== 'removed');
      } finally {
        yield* events.close();
      }
    });
  });
});
