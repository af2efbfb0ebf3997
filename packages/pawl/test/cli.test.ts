/** The `pawl` command, in child processes: exit codes, arguments, signals, messages. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'node:test';
import { pawl, root, runCommand } from './support/command.ts';

const program = (name: string): string => join(import.meta.dirname, 'programs', `${name}.ts`);

describe('usage', () => {
  test('--help prints the commands', async () => {
    const { code, stdout, stderr } = await pawl(['--help']);
    assert.equal(code, 0);
    assert.match(stdout, /pawl run \[options\] program\.ts \[args…\]/);
    assert.match(stdout, /pawl doctor/);
    assert.equal(stderr, '');
  });

  test('--version prints the version of the package', async () => {
    const { code, stdout } = await pawl(['--version']);
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  const wrong: [string[], RegExp][] = [
    [[], /no command given/],
    [['fly'], /unknown command "fly"/],
    [['run'], /run needs a program/],
    [['run', '--fast', 'x.ts'], /unknown option "--fast"/],
    [['doctor', 'who'], /doctor takes no arguments/],
  ];
  for (const [args, message] of wrong) {
    test(`"pawl ${args.join(' ')}" is a usage error`, async () => {
      const { code, stdout, stderr } = await pawl(args);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.match(stderr, /Usage:/);
      assert.equal(stdout, '');
    });
  }

  test('an old Node is told so in one sentence', async (t) => {
    const old = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((folder) => join(folder, 'node'))
      .find((node) => /^v(?:1\d|2[0-5])\./.test(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? ''));
    if (old === undefined) t.diagnostic('no older Node in the path: only a faked version is tried');
    const launcher = join(root, 'packages/pawl/bin/pawl.js');
    const fake = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'24.1.0'})";
    const tries = [await runCommand(process.execPath, ['--import', fake, launcher, 'doctor'])];
    if (old !== undefined) tries.push(await runCommand(old, [launcher, 'doctor']));
    for (const { code, stdout, stderr } of tries) {
      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /^pawl needs Node 26\.1 or later, and this is Node \d+\.\d+\.\d+: .+\n$/);
    }
  });
});

describe('run', () => {
  test("passes arguments on and ends with main's integer result", async () => {
    const { code, stdout, stderr } = await pawl(['run', program('greet'), 'one', '--two', '']);
    const args = ['one', '--two', ''];
    assert.deepEqual(JSON.parse(stdout), { args, argv: args, program: program('greet') });
    assert.equal(code, 3);
    assert.equal(stderr, '');
  });

  test('ends with process.exitCode when main has no integer result', async () => {
    assert.equal((await pawl(['run', program('exit-code')])).code, 9);
  });

  test('prints the logical stack, the fields and the cause of a failure, and ends with 1', async () => {
    const { code, stdout, stderr } = await pawl(['run', program('fails')]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    const lines = stderr.replaceAll(/\(file:.*\//g, '(').split('\n');
    assert.deepEqual(lines, [
      'Error: no bread',
      '    at inner (fails.ts:6:23)',
      '    at outer (fails.ts:10:10)',
      '    at main (fails.ts:14:10)',
      "    { code: 'EBREAD' }",
      '  Caused by: TypeError: no flour',
      '      at inner (fails.ts:6:54)',
      '',
    ]);
  });

  test('a program that waits for what can never come is dumped and ends with 13', async () => {
    const { code, stderr } = await pawl(['run', program('stuck')]);
    assert.equal(code, 13);
    assert.match(stderr, /DEADLOCK.*\n.*stuck \[waiting .*\n.*in stuck at .*stuck\.ts:11:3\n.*waits for Never/);
  });

  test('hides the warning about FFI and no other', async () => {
    const { code, stderr } = await pawl(['run', program('warns')]);
    assert.equal(code, 0);
    assert.match(stderr, /ExperimentalWarning: something else is experimental/);
    assert.doesNotMatch(stderr, /FFI/);
  });

  test('gives a program outside of the project the copy of the library that runs it', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-cli-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'far.ts');
    writeFileSync(
      file,
      "import { coroutine, sleep } from 'pawl';\nexport default coroutine(function* () { yield* sleep(1); return 5; });\n",
    );
    assert.equal((await pawl(['run', 'far.ts'], { cwd: folder })).code, 5);
  });

  const unfit: [string, string, RegExp][] = [
    ['has no default export', 'export const main = 1;', /has no default export\. Write, for example:/],
    ['exports a number', 'export default 1;', /is a number, not a coroutine/],
    ['exports an async function', 'export default async () => 1;', /returned a promise \(it is an async function\)/],
    ['exports a function without a result', 'export default () => {};', /returned undefined, not a future/],
    ['does not parse', 'export default coroutine(function* () {', /SyntaxError/],
    ['imports what is not there', "import './nowhere.ts';", /Cannot find module .*nowhere\.ts/],
    ['throws at its top level', "throw new RangeError('too early');", /RangeError: too early\n.*at file:.*:1:7/],
  ];
  test('says what is wrong with a program that cannot be run', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-cli-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [what, code, message] of unfit) {
      await t.test(`one that ${what}`, async () => {
        writeFileSync(join(folder, 'unfit.mjs'), code);
        const ended = await pawl(['run', 'unfit.mjs'], { cwd: folder });
        assert.match(ended.stderr, message);
        assert.equal(ended.code, 1);
      });
    }
    await t.test('one that is not there', async () => {
      const ended = await pawl(['run', 'missing.ts'], { cwd: folder });
      assert.match(ended.stderr, /^pawl: there is no file missing\.ts \(looked for .*\)\n$/);
      assert.equal(ended.code, 1);
    });
    await t.test('one that is a folder', async () => {
      const ended = await pawl(['run', '.'], { cwd: folder });
      assert.match(ended.stderr, /^pawl: \. is not a file/);
      assert.equal(ended.code, 1);
    });
  });

  test('under the permission model without FFI it says which flag is missing', async () => {
    const launcher = join(root, 'packages/pawl/bin/pawl.js');
    const { code, stderr } = await runCommand(process.execPath, [
      '--permission',
      '--allow-fs-read=*',
      launcher,
      'run',
      program('greet'),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /^pawl: .*--allow-ffi\n$/);
  });
});

describe('dumps', () => {
  const tree = new RegExp(
    [
      'pawl: live tasks: 2, runtimes: 1, timers: 1, waits for I/O: 0, descriptors: 0',
      'runtime in development mode: live tasks: 2 of 2, ready: 0, polls: 2, turns: \\d+',
      '- #1 waits \\[waiting \\d.*\\]',
      '    in waits at .*waits\\.ts:26:3',
      '    waits for the end of task "sleeper", held by #2 sleeper',
      '  - #2 sleeper \\[waiting \\d.*\\], spawned at .*waits\\.ts:22:18',
      '      in sleeper at .*waits\\.ts:14:5',
      '      waits for sleep, due in \\d+ min \\d+ s',
      '',
    ].join('\\n'),
  );

  test('SIGUSR2 prints the tasks and the program goes on', async () => {
    let signals = 0;
    const { code, stdout, stderr } = await pawl(['run', program('waits')], {
      onLine: (line, kill) => line === 'ready' && kill(signals++ === 0 ? 'SIGUSR2' : 'SIGTERM'),
    });
    assert.match(stderr, tree);
    assert.equal(stdout, 'ready\nready\ncleaned up\n');
    assert.equal(code, 143);
  });

  test('--dump-on-exit-timeout says what keeps a program that was told to stop', async () => {
    const { stderr, code } = await pawl(['run', '--dump-on-exit-timeout', '50', program('waits'), 'slow'], {
      onLine: (line, kill) => line === 'ready' && kill('SIGTERM'),
    });
    assert.match(stderr, /^pawl: still running 50 ms after it was told to stop; Node has open: /);
    assert.match(stderr, /#2 sleeper \[cancelling .*\n +in sleeper at .*waits\.ts:16:\d+\n/);
    assert.equal(code, 143);
  });

  test('--dump-on-exit-timeout says what Node has open when main has ended', async () => {
    const { stderr, code } = await pawl(['run', '--dump-on-exit-timeout=1', program('lingers')]);
    assert.match(stderr, /^pawl: still running 1 ms after its main has ended; Node has open: .*Timeout/);
    assert.match(stderr, /live tasks: 0, runtimes: 0,/);
    assert.equal(code, 0);
  });

  test('--dump-on-exit-timeout needs a number', async () => {
    const { stderr, code } = await pawl(['run', '--dump-on-exit-timeout', program('greet')]);
    assert.match(stderr, /^pawl: --dump-on-exit-timeout needs a number of milliseconds, got ".*greet\.ts"\n/);
    assert.equal(code, 2);
  });
});

describe('signals', () => {
  for (const [signal, code] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    test(`${signal} cancels main, waits for its cleanup and ends with ${code}`, async () => {
      const ended = await pawl(['run', program('stop')], { onLine: (line, kill) => line === 'ready' && kill(signal) });
      assert.deepEqual(ended, { code, signal: null, stdout: 'ready\ncleaned up\n', stderr: '' });
    });
  }

  test('a second signal ends a cleanup that is a busy loop', async () => {
    const ended = await pawl(['run', program('stubborn')], { onLine: (_line, kill) => kill('SIGINT') });
    assert.equal(ended.stdout, 'ready\ncleaning\n');
    assert.equal(ended.signal, 'SIGINT');
  });

  test('a second signal ends a busy loop that never lets the first one be seen', async () => {
    const ended = await pawl(['run', program('stubborn'), 'at once'], {
      onLine: (_line, kill) => {
        // Two signals of one number that are pending together are one: the next is sent until the process has gone.
        const timer = setInterval(() => {
          if (!kill('SIGTERM')) clearInterval(timer);
        }, 20);
      },
    });
    assert.equal(ended.stdout, 'ready\n');
    assert.equal(ended.signal, 'SIGTERM');
  });
});

describe('doctor', () => {
  test('says which driver and which system calls are in use, and why', async () => {
    const { code, stdout } = await pawl(['doctor'], { env: { PAWL_SYSCALLS: undefined, PAWL_LOOP: undefined } });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^node +${process.versions.node.replaceAll('.', '\\.')} `, 'm'));
    assert.match(stdout, new RegExp(`^platform +${process.platform} ${process.arch}$`, 'm'));
    assert.match(stdout, /^driver +native: epoll in host mode; system calls by .+/m);
    assert.match(stdout, /^system calls +(?:raw|libc)$/m);
    assert.match(stdout, /^permissions +the permission model is off$/m);
    assert.match(stdout, /^to be faster +\S/m);
  });

  test('names what was asked for by the environment, and that it costs', async () => {
    const { code, stdout } = await pawl(['doctor'], { env: { PAWL_SYSCALLS: 'libc', PAWL_LOOP: 'guest' } });
    assert.equal(code, 0);
    assert.match(stdout, /^driver .*guest mode.*PAWL_SYSCALLS=libc asks for it$/m);
    assert.match(stdout, /^to be faster +unset PAWL_SYSCALLS.*unset PAWL_LOOP/m);
  });

  test('ends with 1 where there is no driver, and says why', async () => {
    const launcher = join(root, 'packages/pawl/bin/pawl.js');
    const { code, stdout } = await runCommand(process.execPath, [
      '--permission',
      '--allow-fs-read=*',
      launcher,
      'doctor',
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /^driver +none: .*--allow-ffi$/m);
    assert.match(stdout, /^permissions +the permission model is on: ffi denied/m);
  });
});
