import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { array, assert as assertLaw, asyncProperty, dictionary, string, stringMatching } from 'fast-check';
import { blockOn, type Future, PawlError, race, run, sleep } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { ManualDriver } from 'pawl/testing';
import { sh } from '../../test/support/children.ts';
import { folder } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { reap } from '../sys/child.ts';
import { AsyncFd, Command, openFifoReader, openFifoWriter, pipe, signals, stdin } from './index.ts';

describe('a command', () => {
  it('gives what it writes, and how it ends', async () => {
    const { status, stdout, stderr, text } = await sh('echo out; echo err >&2; exit 3').output();
    assert.deepEqual([status.code, status.signal, status.success], [3, null, false]);
    assert.equal(text, 'out\n');
    assert.equal(new TextDecoder().decode(stdout), 'out\n');
    assert.equal(new TextDecoder().decode(stderr), 'err\n');
    assert.equal(String(status), 'exit code 3');
  });

  it('tells a signal from a code', async () => {
    const status = await sh('kill -KILL $$').status();
    assert.deepEqual([status.code, status.signal, status.success], [null, 'SIGKILL', false]);
    assert.equal(String(status), 'SIGKILL');
  });

  it('works without Node’s loop', () => {
    assert.equal(blockOn(new Command('cat').output({ input: 'blocked' })).text, 'blocked');
  });

  it('gives arguments as they are', async () => {
    const args = ['', 'a b', '$HOME', '*', 'ü"\'\\\n'];
    const { text } = await new Command('printf', ['%s|', ...args]).output();
    assert.equal(text, args.map((arg) => `${arg}|`).join(''));
  });

  it('gives and takes more than pipes hold, in both directions at once', async () => {
    const input = new Uint8Array(3_000_001).map((_, i) => i * 31);
    const { stdout } = await new Command('cat').output({ input });
    assert.deepEqual(stdout, input);
  });

  it('does not mind a program that leaves its input unread', async () => {
    const { status } = await new Command('true').output({ input: new Uint8Array(1_000_000) });
    assert.equal(status.code, 0);
  });

  it('runs where it is told to, with the variables that it is given', async () => {
    const at = realpathSync(folder());
    assert.equal((await new Command('pwd', [], { cwd: at }).output()).text, `${at}\n`);
    const script = 'printf "%s %s" "$PAWL_A" "${HOME-none}"';
    const env = { PAWL_A: 'a', HOME: undefined };
    assert.equal((await sh(script, { env }).output()).text, 'a none');
    const bare = { env: { PATH: process.env['PATH']!, ONLY: '1' }, clearEnv: true };
    assert.deepEqual((await new Command('env', [], bare).output()).text.split('\n').sort(), [
      '',
      'ONLY=1',
      `PATH=${process.env['PATH']}`,
    ]);
  });

  it('gives whatever a string can hold, unchanged', async () => {
    const text = string({ unit: 'grapheme', maxLength: 20 }).map((value) => value.replaceAll('\0', ''));
    await assertLaw(
      asyncProperty(array(text), dictionary(stringMatching(/^[A-Za-z_]\w{0,5}$/), text), async (args, env) => {
        const command = new Command('printf', [String.raw`%s\0`, 'first', ...args]);
        assert.deepEqual((await command.output()).text.split('\0').slice(0, -1), ['first', ...args]);
        const named = Object.entries(env).map(([name, value]) => [`PAWL_${name}`, value] as const);
        const variables = new Command('/usr/bin/env', ['-0'], { env: Object.fromEntries(named), clearEnv: true });
        assert.deepEqual(
          (await variables.output()).text.split('\0').slice(0, -1).toSorted(),
          named.map(([name, value]) => `${name}=${value}`).toSorted(),
        );
      }),
      { numRuns: 15 },
    );
  });

  it('finds its program in the PATH that the child has', async () => {
    const at = folder();
    writeFileSync(joinPath(at, 'pawl-greets'), '#!/bin/sh\necho hello from $0\n', { mode: 0o755 });
    const PATH = `/nowhere:${at}`;
    assert.equal(
      (await new Command('pawl-greets', [], { env: { PATH } }).output()).text,
      `hello from ${at}/pawl-greets\n`,
    );
    const relative = { env: { PATH: '.' }, cwd: at };
    assert.equal((await new Command('pawl-greets', [], relative).output()).status.code, 0);
    assert.equal((await failure(new Command('pawl-greets').spawn())).code, 'ENOENT');
  });

  it('names the program that cannot be started, and why', async () => {
    const at = folder();
    writeFileSync(joinPath(at, 'plain'), '');
    writeFileSync(joinPath(at, 'orphan'), '#!/no/such/interpreter\n', { mode: 0o755 });
    writeFileSync(joinPath(at, 'noise'), 'no program\n', { mode: 0o755 });
    const refused = async (command: Command): Promise<unknown[]> => {
      const { code, syscall, path, message } = await failure(command.spawn());
      return [code, syscall, path, message.includes(path ?? '?')];
    };
    assert.deepEqual(await refused(new Command('pawl-no-such-program')), [
      'ENOENT',
      'spawn',
      'pawl-no-such-program',
      true,
    ]);
    assert.deepEqual(await refused(new Command('./pawl-no-such')), ['ENOENT', 'spawn', './pawl-no-such', true]);
    assert.deepEqual(await refused(new Command(`${at}/plain`)), ['EACCES', 'spawn', `${at}/plain`, true]);
    assert.deepEqual(await refused(new Command('plain', [], { env: { PATH: at } })), [
      'EACCES',
      'spawn',
      'plain',
      true,
    ]);
    assert.deepEqual(await refused(new Command(`${at}/noise`)), ['ENOEXEC', 'spawn', `${at}/noise`, true]);
    const orphan = await failure(new Command(`${at}/orphan`).spawn());
    assert.equal(orphan.code, 'ENOENT');
    assert.match(orphan.message, /interpreter/);
    assert.deepEqual(await refused(new Command('true', [], { cwd: `${at}/no` })), [
      'ENOENT',
      'chdir',
      `${at}/no`,
      true,
    ]);
    assert.deepEqual(await refused(new Command('true', [], { cwd: `${at}/plain` })), [
      'ENOTDIR',
      'chdir',
      `${at}/plain`,
      true,
    ]);
    const huge = new Command('true', ['x'.repeat(3_000_000)]);
    assert.deepEqual(await refused(huge), ['E2BIG', 'spawn', 'true', true]);
  });

  it('is called by another name when asked', async () => {
    assert.equal((await sh('echo "$0"', { argv0: 'another' }).output()).text, 'another\n');
    const { text } = await new Command('cat', ['/proc/self/cmdline'], { argv0: '' }).output();
    assert.equal(text, '\0/proc/self/cmdline\0');
  });

  it('has a variable whose name means something to objects', async () => {
    const env = JSON.parse('{"__proto__":"a"}') as Record<string, string>;
    assert.equal((await new Command('env', [], { env, clearEnv: true }).output()).text, '__proto__=a\n');
  });

  it('is not changed by what happens to its options afterwards', async () => {
    const env: Record<string, string> = { PAWL_A: 'before' };
    const command = sh('echo $PAWL_A', { env });
    env['PAWL_A'] = 'after\0';
    assert.equal((await command.output()).text, 'before\n');
  });

  it('refuses options that it does not have, and says what there is instead', () => {
    const refused = (make: () => unknown, words: RegExp): void =>
      assert.throws(make, (error: PawlError) => error.code === 'BAD_ARGUMENT' && words.test(error.message));
    const made = (options: object) => () => new Command('true', [], options);
    for (const name of ['uid', 'gid', 'umask']) refused(made({ [name]: 1 }), /the user, the groups and the umask/);
    refused(made({ detached: true }), /"detached": group: true/);
    refused(made({ shell: true }), /'-c'/);
    refused(made({ timeout: 10 }), /timeout\(ms/);
    refused(made({ stdio: 'pipe' }), /stdin, stdout and stderr/);
    refused(made({ cwdd: '/' }), /no option "cwdd": it takes cwd, env/);
    refused(made({ group: 'sesion' }), /group is true, false or 'session'/);
    refused(made({ clearEnv: 'no' }), /clearEnv is true or false/);
    refused(made({ env: null }), /env is an object/);
    refused(made({ env: ['A=b'] }), /env is an object/);
    refused(made({ env: { A: 1 } }), /the variable A is a string/);
    refused(made({ stopOnCancel: 'SIGINT' }), /takes an object/);
    refused(made({ stopOnCancel: { gracee: 1 } }), /"gracee"/);
    refused(made({ stdout: { path: '/dev/null', apend: true } }), /"apend"/);
    refused(made({ stdout: { path: '/dev/null', append: 'yes' } }), /append is true or false, got yes/);
    refused(() => new Command('true').output({ stdin: 'x' } as object), /"stdin": it takes input, limit/);
    refused(() => openFifoReader('/x', { endles: true } as object), /"endles"/);
    refused(() => openFifoWriter('/x', { waits: false } as object), /"waits"/);
    refused(() => AsyncFd.watch(0, { owned: true } as object), /"owned"/);
  });

  it('refuses what C cannot have, at once', () => {
    const refused = (make: () => unknown): void =>
      assert.throws(make, (error) => error instanceof PawlError && error.code === 'BAD_ARGUMENT');
    refused(() => new Command('true', '-n' as unknown as string[]));
    refused(() => new Command('true', [], null as unknown as object));
    refused(() => new Command(''));
    refused(() => new Command('a\0b'));
    refused(() => new Command('true', ['\0']));
    refused(() => new Command('true', [1 as unknown as string]));
    refused(() => new Command('true', [], { cwd: '' }));
    refused(() => new Command('true', [], { env: { 'a=b': 'c' } }));
    refused(() => new Command('true', [], { stdin: -1 }));
    refused(() => new Command('true', [], { stdout: 'socket' as 'pipe' }));
    refused(() => new Command('true', [], { stopOnCancel: { signal: 'SIGNOT' } }));
    refused(() => new Command('true', [], { stopOnCancel: { grace: -1 } }));
    refused(() => new Command('true').output({ limit: -1 }));
  });

  it('has files and descriptors as streams', async () => {
    const at = folder();
    const path = joinPath(at, 'log');
    writeFileSync(path, 'old\n');
    assert.equal((await sh('echo new', { stdout: { path } }).status()).code, 0);
    assert.equal(readFileSync(path, 'utf8'), 'new\n');
    await sh('echo more', { stdout: { path, append: true } }).status();
    assert.equal((await new Command('cat', [], { stdin: { path } }).output()).text, 'new\nmore\n');
    const fd = openSync(path, 'w');
    await sh('echo out; echo err >&2', { stdout: fd, stderr: fd }).status();
    closeSync(fd);
    assert.equal(readFileSync(path, 'utf8'), 'out\nerr\n');
    const missing = await failure(new Command('cat', [], { stdin: { path: `${at}/no` } }).spawn());
    assert.deepEqual([missing.code, missing.path], ['ENOENT', `${at}/no`]);
    assert.equal((await failure(new Command('true', [], { stdin: 1_000_000 }).spawn())).code, 'EBADF');
  });

  it('takes the end of a pipe from another child', async () => {
    await run(function* () {
      const first = yield* sh('printf "b\\na\\n"; exec sleep 0.01', { stdout: 'pipe' }).spawn();
      const [reader, writer] = yield* pipe();
      const second = yield* new Command('sort', [], { stdin: first.stdout!, stdout: writer }).spawn();
      assert.deepEqual([first.stdout!.closed, writer.closed], [true, true]);
      const lines = new BufferedReader(reader);
      assert.deepEqual([yield* lines.readLine(), yield* lines.readLine(), yield* lines.readLine()], ['a', 'b', null]);
      reader.close();
      assert.deepEqual([(yield* first.wait()).code, (yield* second.wait()).code], [0, 0]);
      assert.equal((yield* failure(new Command('cat', [], { stdin: reader }).spawn())).code, 'CLOSED');
    });
  });

  it('keeps the end of a pipe that no child has taken', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      assert.equal((yield* failure(new Command('./pawl-no-such', [], { stdin: reader }).spawn())).code, 'ENOENT');
      const buffer = new Uint8Array(1);
      assert.equal(yield* race([reader.read(buffer), sleep(5)]), undefined); // it does not wait in the kernel
      assert.throws(() => new Command('cat', [], { stdin: writer }), { code: 'BAD_ARGUMENT' });
      assert.throws(() => new Command('cat', [], { stdout: reader }), { code: 'BAD_ARGUMENT' });
      writer.close();
      reader.close();
    });
  });

  it('gives a child nothing else that is open', async () => {
    const fd = openSync('/dev/null', 'r');
    const { text } = await sh('ls /proc/$$/fd').output();
    closeSync(fd);
    assert.deepEqual(
      text
        .trim()
        .split('\n')
        .map(Number)
        .filter((n) => n > 2),
      [],
    );
  });

  it('gives a child no signal that is ignored or blocked', async () => {
    const { text } = await new Command('grep', ['-E', '^Sig(Blk|Ign)', '/proc/self/status']).output();
    for (const [, name, bits] of text.matchAll(/^Sig(\w+):\s+(\w+)$/gm)) {
      // The C library keeps 32 and 33 for itself.
      assert.equal(BigInt(`0x${bits}`) & ~(3n << 31n), 0n, name!);
    }
  });

  it('stops what writes more than is wanted', async () => {
    let error: unknown;
    await run(function* () {
      try {
        yield* new Command('yes').output({ limit: 100_000 });
      } catch (thrown) {
        error = thrown;
      }
    });
    assert.equal((error as PawlError).code, 'LIMIT_EXCEEDED');
  });
});

describe('without what a child needs', () => {
  const node = (options: readonly string[], program: string, ...args: readonly string[]): Command =>
    new Command('sh', [
      '-c',
      'ulimit -n 60; exec "$@"',
      'sh',
      process.execPath,
      '--conditions=pawl-source',
      '--disable-warning=ExperimentalWarning',
      ...options,
      joinPath(import.meta.dirname, '../../test/programs', program),
      ...args,
    ]);

  it('it is not started where a descriptor is missing, and nothing is left of the attempt', async () => {
    // On a busy machine a poll may be slow, and is warned of.
    const { text, stderr } = await node(['--no-warnings'], 'children-until-full.ts', folder()).output();
    assert.equal(text + new TextDecoder().decode(stderr), 'EMFILE 0 true\n');
  });

  it('it is refused under a permission model without children', async () => {
    const options = ['--permission', '--allow-ffi', '--allow-fs-read=*'];
    const { text, stderr } = await node(options, 'forbidden-child.ts').output();
    assert.equal(text, 'FFI_DENIED FFI_DENIED\n', new TextDecoder().decode(stderr));
  });

  it('a simulated world says that it has none', () => {
    const driver = new ManualDriver();
    for (const future of [pipe(), new Command('true').spawn(), signals('SIGHUP'), stdin(), AsyncFd.watch(0)]) {
      assert.throws(
        () => blockOn(future as Future<unknown>, { driver }),
        (error: PawlError) => error.code === 'SIM_REAL_WORLD' && /processes/.test(error.message),
      );
    }
  });

  it('a child that somebody else has reaped is reported so', async () => {
    await run(function* () {
      const child = yield* new Command('true').spawn();
      while (reap(child.pid) === null);
      assert.equal((yield* failure(child.wait())).code, 'ECHILD');
      assert.equal(child.kill(), false);
      assert.equal(child.running, false);
    });
  });

  it('it runs in a worker as well', async () => {
    const program = `
      import { parentPort } from 'node:worker_threads';
      import { run } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
      import { Command } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      parentPort.postMessage((await run(new Command('echo', ['from a worker']).output())).text);
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    const [said] = (await once(worker, 'message')) as [string];
    await worker.terminate();
    assert.equal(said, 'from a worker\n');
  });
});
