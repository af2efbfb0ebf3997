import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { coroutine, run } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { Command } from './index.ts';
import { folder } from '../../test/support/folder.ts';

const program = [
  '--conditions=pawl-source',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, '../../test/programs/standard-streams.ts'),
];
const command = [process.execPath, ...program].map((word) => `'${word}'`).join(' ');

interface Told {
  readonly kinds: readonly string[];
  readonly blocking: readonly boolean[];
  readonly terminalSize: { readonly columns: number; readonly rows: number } | null;
}

const readToEnd = coroutine(function* (reader: BufferedReader) {
  let all = '';
  for (let line: string | null; (line = yield* reader.readLine()) !== null;) all += `${line}\n`;
  return all;
});

const NUMBERED = '1 one\n2 two\n';

describe('the standard streams', () => {
  it('are files', () => {
    const at = folder();
    const path = (name: string): string => join(at, name);
    writeFileSync(path('in'), 'one\ntwo\n');
    writeFileSync(path('out'), 'before\n');
    // The place in the file is the shell's, too: it goes on behind what was read and written.
    const script = `read skipped; ${command} 2>${path('err')}; echo after`;
    writeFileSync(path('in'), 'skipped\none\ntwo\n');
    const input = openSync(path('in'), 'r');
    const output = openSync(path('out'), 'a');
    execFileSync('sh', ['-c', script], { stdio: [input, output, 'inherit'] });
    closeSync(input);
    closeSync(output);
    assert.equal(readFileSync(path('out'), 'utf8'), `before\n${NUMBERED}after\n`);
    const told = JSON.parse(readFileSync(path('err'), 'utf8')) as Told;
    assert.deepEqual(told.kinds, ['file', 'file', 'file']);
  });

  it('are pipes, whose mode stays theirs', async () => {
    const output = await run(new Command(process.execPath, program).output({ input: 'one\ntwo\n' }));
    assert.equal(output.text, NUMBERED);
    const told = JSON.parse(new TextDecoder().decode(output.stderr)) as Told;
    assert.deepEqual(told, { kinds: ['pipe', 'pipe', 'pipe'], blocking: [true, true, true], terminalSize: null });
  });

  it('are sockets, as between programs of Node', async () => {
    const child = spawn(process.execPath, program, { stdio: 'pipe' });
    child.stdin.end('one\ntwo\n');
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(out, NUMBERED);
    const told = JSON.parse(err) as Told;
    assert.deepEqual(
      [told.kinds, told.blocking],
      [
        ['socket', 'socket', 'socket'],
        [true, true, true],
      ],
    );
  });

  it('are nothing at all', () => {
    const { status, stderr } = spawnSync(process.execPath, program, { stdio: ['ignore', 'ignore', 'pipe'] });
    assert.deepEqual([status, (JSON.parse(String(stderr)) as Told).kinds.slice(0, 2)], [0, ['file', 'file']]);
  });

  it('are a terminal, which has a size', async () => {
    const at = folder();
    const inner = `stty rows 33 cols 77; ${command} 2>${at}/err; stty -a >${at}/stty`;
    const { text: said } = await run(
      new Command('script', ['-qec', inner, '/dev/null'], { env: { SHELL: '/bin/sh' } }).output({
        input: 'one\ntwo\n',
      }),
    );
    assert.ok(said.includes('1 one\r\n2 two\r\n'), JSON.stringify(said));
    const told = JSON.parse(readFileSync(`${at}/err`, 'utf8')) as Told;
    assert.deepEqual(told.kinds, ['terminal', 'terminal', 'file']);
    assert.deepEqual(told.blocking.slice(0, 2), [true, true]);
    assert.deepEqual(told.terminalSize, { columns: 77, rows: 33 });
  });

  it('give single keys of a terminal in raw mode, which ends with the process', async () => {
    const at = folder();
    const inner = `${command} raw; stty -a >${at}/stty`;
    const child = spawn('script', ['-qec', inner, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
    let said = '';
    let typed = false;
    child.stdout.on('data', (data) => {
      said += String(data);
      if (!typed && said.includes('ready')) {
        typed = true;
        child.stdin.write('\x03'); // Ctrl-C
      }
    });
    await new Promise((resolve) => child.on('close', resolve));
    assert.match(said, /key 3/);
    assert.match(readFileSync(`${at}/stty`, 'utf8'), /[^-]icanon.*[^-]echo /s);
  });

  it('that cannot be opened anew get their mode back', async () => {
    // Node's permission model: nothing may be opened to be written.
    const denied = command.replace(
      process.execPath + "'",
      process.execPath + "' --permission --allow-ffi '--allow-fs-read=*'",
    );
    const { text: said, stderr } = await run(
      new Command('sh', ['-c', `${denied}; grep flags /proc/self/fdinfo/1`]).output({ input: 'one\ntwo\n' }),
    );
    assert.equal(said, `${NUMBERED}flags:\t01\n`);
    // Node warns of the permission before.
    const told = JSON.parse(/^\{.*$/m.exec(new TextDecoder().decode(stderr))![0]) as Told;
    assert.deepEqual(told.blocking, [true, false, false]);
  });

  it('stand beside the console', async () => {
    const { text: said } = await run(new Command(process.execPath, [...program, 'console']).output());
    assert.equal(said, 'console 1\nours 1\nconsole 2\nours 2\n');
  });

  it('take nothing from a child that inherits them', async () => {
    const { text: said } = await run(
      new Command(process.execPath, [...program, 'share']).output({ input: 'ab-the rest' }),
    );
    assert.equal(said, '-the rest');
  });

  it('wait for a slow reader, and fail when it has gone', async () => {
    const script = `${command} large | (sleep 0.2; wc -c); ${command} large 2>&1 >/dev/full | grep -o ENOSPC | head -1`;
    const { text: said } = await run(new Command('sh', ['-c', script]).output());
    assert.equal(said, '1000000\nENOSPC\n');
    await run(function* () {
      const child = yield* new Command(process.execPath, [...program, 'large'], {
        stdout: 'pipe',
        stderr: 'pipe',
      }).spawn();
      yield* child.stdout!.read(new Uint8Array(10));
      child.stdout!.close();
      const said = yield* readToEnd(new BufferedReader(child.stderr!));
      child.closePipes();
      // An error, and no signal.
      assert.deepEqual([(yield* child.wait()).code, /EPIPE/.test(said)], [1, true]);
    });
  });
});
