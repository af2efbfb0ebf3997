import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { currentArch } from '../linux.ts';
import { libcCalls } from './libc.ts';
import { rawCalls } from './raw.ts';
import * as sys from './index.ts';

const url = new URL('./index.ts', import.meta.url).href;

/** The level that a process with this PAWL_SYSCALLS chooses, and why; or the error's code. */
function chosen(asked: string | undefined): string {
  const { PAWL_SYSCALLS: _, ...env } = process.env;
  const code = `await import('${url}').then(
    ({ level, reason }) => console.log(level + ': ' + reason),
    (error) => console.log(error.code + ': ' + error.message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: asked === undefined ? env : { ...env, PAWL_SYSCALLS: asked },
    timeout: 30_000,
  });
  return stdout.trim() || stderr;
}

describe('the choice of a level', () => {
  it('is raw where the emitted code works', () => {
    assert.match(chosen(undefined), /^raw: emitted (x64|arm64) code passed its self-test$/);
  });

  it('can be forced', () => {
    assert.equal(chosen('raw'), 'raw: PAWL_SYSCALLS=raw asks for it');
    assert.equal(chosen('libc'), 'libc: PAWL_SYSCALLS=libc asks for it');
  });

  it('refuses another word', () => {
    assert.equal(chosen('fast'), 'BAD_ARGUMENT: PAWL_SYSCALLS must be raw or libc, got fast');
  });

  it('is what this process was asked for', () => {
    const asked = process.env['PAWL_SYSCALLS'];
    if (asked !== undefined) assert.equal(sys.level, asked);
    assert.notEqual(sys.reason, '');
  });
});

describe('both levels', () => {
  const levels = { raw: rawCalls(currentArch()), libc: libcCalls() };

  it('have the same functions', () => {
    assert.deepEqual(Object.keys(levels.raw).sort(), Object.keys(levels.libc).sort()); // oxlint-disable-line require-array-sort-compare
  });

  // Arguments with which every call fails without doing anything, and tells how.
  const EBADF = -9;
  for (const [name, calls] of Object.entries(levels)) {
    it(`${name}: a failure is the negative errno`, () => {
      assert.equal(calls.read(-1, 0, 0), EBADF);
      assert.equal(calls.write(-1, 0, 0), EBADF);
      assert.equal(calls.recv(-1, 0, 0, 0), EBADF);
      assert.equal(calls.send(-1, 0, 0, 0), EBADF);
      assert.equal(calls.accept4(-1, 0, 0, 0), EBADF);
      assert.equal(calls.recvFrom(-1, 0, 0, 0, 0, 0), EBADF);
      assert.equal(calls.sendTo(-1, 0, 0, 0, 0, 0), EBADF);
      assert.equal(calls.recvmmsg(-1, 0, 1, 0), EBADF);
      assert.equal(calls.sendmmsg(-1, 0, 1, 0), EBADF);
      assert.equal(calls.recvmsg(-1, 0, 0), EBADF);
      assert.equal(calls.sendmsg(-1, 0, 0), EBADF);
      assert.equal(calls.close(-1), EBADF);
      assert.equal(calls.bind(-1, 0, 0), EBADF);
      assert.equal(calls.listen(-1, 0), EBADF);
      assert.equal(calls.connect(-1, 0, 0), EBADF);
      assert.equal(calls.shutdown(-1, 0), EBADF);
      assert.equal(calls.getsockname(-1, 0, 0), EBADF);
      assert.equal(calls.getpeername(-1, 0, 0), EBADF);
      assert.equal(calls.setsockopt(-1, 1, 2, 0, 4), EBADF);
      assert.equal(calls.getsockopt(-1, 1, 2, 0, 0), EBADF);
      assert.equal(calls.epollWait(-1, 8, 1, 0), EBADF);
      assert.equal(calls.socket(0xffff, 1, 0), -97); // EAFNOSUPPORT
      assert.equal(calls.socketpair(1, 1 | (1 << 20), 0, 0), -22); // EINVAL: an unknown flag
      assert.equal(calls.epollCreate1(1), -22); // EINVAL: an unknown flag
      assert.equal(calls.eventfd(0, 1 << 30), -22);
      assert.equal(calls.mmap(0), -22);
      assert.equal(calls.mmapFile(4096, -1, 0), EBADF);
      assert.equal(calls.preadv2(-1, 0, 0, 0, 0), EBADF);
      assert.equal(calls.processVmReadv(process.pid, 0, 0), -14); // EFAULT
      assert.equal(calls.flock(-1, 1), EBADF);
      assert.equal(calls.inotifyInit1(1), -22);
      assert.equal(calls.inotifyAddWatch(-1, 0, 1), EBADF);
      assert.equal(calls.munmap(1, 4096), -22); // not at the start of a page
    });

    it(`${name}: an address above 4 GiB comes back whole`, () => {
      const address = calls.mmap(8192);
      assert.ok(address > 2 ** 32 && address < 2 ** 47 && address % 4096 === 0);
      assert.equal(calls.munmap(address, 8192), 0);
    });

    it(`${name}: a bad address is EFAULT, not a crash`, () => {
      const fd = calls.eventfd(1, 0);
      assert.ok(fd >= 0);
      assert.equal(calls.read(fd, 0, 8), -14);
      assert.equal(calls.close(fd), 0);
    });
  }
});

describe('in a worker', () => {
  it('each thread loads its own, one after the other and at once', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(workerData).then(({ getpid, level }) => parentPort.postMessage([getpid(), level]));`;
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        const worker = new Worker(code, { eval: true, workerData: url });
        const [answer] = (await once(worker, 'message')) as [[number, string]];
        await worker.terminate();
        return answer;
      }),
    );
    for (const answer of answers) assert.deepEqual(answer, [process.pid, sys.level]);
    assert.equal(sys.getpid(), process.pid); // the workers' end has not taken ours along
  });
});
