import assert from 'node:assert/strict';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import { coroutine, dumpAll, join, race, run, sleep, spawn, timeout, yieldNow } from 'pawl';
import { folder } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { AsyncFd, makeFifo, WOULD_BLOCK } from './index.ts';

/** A descriptor as it may come from elsewhere: a FIFO that is open in both directions. */
const foreign = coroutine(function* () {
  const path = `${folder()}/fifo`;
  yield* makeFifo(path);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
});

describe('an AsyncFd', () => {
  it('waits for what may be read, and asks again when there was nothing', async () => {
    await run(function* () {
      const number = yield* foreign();
      const fd = yield* AsyncFd.watch(number);
      const buffer = new Uint8Array(4);
      const read = (): number => readSync(number, buffer);
      assert.equal(fd.tryIo('read', read), WOULD_BLOCK);
      const writing = coroutine(function* () {
        yield* sleep(2);
        writeSync(number, 'four');
      });
      assert.deepEqual((yield* join([fd.io('read', read), writing()]))[0], 4);
      // Ready as far as it knows; the next attempt finds out.
      yield* fd.readable();
      assert.equal(fd.tryIo('read', read), WOULD_BLOCK);
      assert.equal(yield* race([fd.readable(), sleep(5)]), undefined);
      writeSync(number, 'x');
      yield* fd.readable();
      assert.equal(fd.tryIo('read', read), 1);
      fd.close();
      closeSync(number);
    });
  });

  it('waits for room', async () => {
    await run(function* () {
      const number = yield* foreign();
      using fd = yield* AsyncFd.watch(number, { own: true });
      const piece = new Uint8Array(4096);
      let count = 0;
      yield* fd.writable();
      while (fd.tryIo('write', () => writeSync(number, piece)) !== WOULD_BLOCK) count++;
      assert.ok(count > 0);
      assert.equal(yield* race([fd.writable(), sleep(5)]), undefined);
      readSync(number, new Uint8Array(8192));
      assert.equal(yield* fd.io('write', () => writeSync(number, piece)), 4096);
    });
  });

  it('closes what it owns, and nothing else', async () => {
    await run(function* () {
      const number = yield* foreign();
      (yield* AsyncFd.watch(number)).close();
      assert.ok(fstatSync(number).isFIFO());
      const fd = yield* AsyncFd.watch(number, { own: true });
      fd.close();
      fd.close();
      assert.equal(fd.fd, -1);
      assert.throws(() => fstatSync(number), { code: 'EBADF' });
    });
  });

  it('refuses files, which are never ready and never not, and what is not open', async () => {
    const at = folder();
    const file = openSync(`${at}/file`, 'w');
    const directory = openSync(at, 'r');
    for (const fd of [file, directory]) {
      const error = await failure(AsyncFd.watch(fd, { own: true }));
      assert.deepEqual([error.code, error.syscall], ['EPERM', 'epoll_ctl']);
      closeSync(fd); // not owned: it was refused
    }
    assert.equal((await failure(AsyncFd.watch(1_000_000))).code, 'EBADF');
    for (const bad of [-1, 0.5, Number.NaN, '1' as unknown as number])
      assert.throws(() => AsyncFd.watch(bad), { code: 'BAD_ARGUMENT' });
  });

  it('is waited for by one task in each direction, and watched once', async () => {
    await run(function* () {
      const number = yield* foreign();
      const fd = yield* AsyncFd.watch(number, { own: true });
      const waiting = spawn(failure(fd.readable()), { name: 'waiter' });
      yield* yieldNow();
      assert.match(dumpAll(), new RegExp(`descriptor ${number} to read`));
      assert.equal((yield* failure(fd.readable())).code, 'BUSY');
      assert.equal((yield* failure(AsyncFd.watch(number))).code, 'EEXIST');
      yield* fd.writable();
      fd.close();
      assert.equal((yield* waiting).code, 'CLOSED');
      assert.equal((yield* failure(fd.readable())).code, 'CLOSED');
      assert.throws(() => fd.tryIo('read', () => 0), { code: 'CLOSED' });
    });
  });

  it('that was closed behind its back gives way to whoever gets its number', async () => {
    const path = `${folder()}/fifo`;
    await run(function* () {
      yield* makeFifo(path);
      const flags = constants.O_RDWR | constants.O_NONBLOCK;
      const number = openSync(path, flags);
      const stale = yield* AsyncFd.watch(number, { own: true });
      const waiting = spawn(failure(stale.readable()));
      yield* sleep(1);
      closeSync(number);
      assert.equal(openSync(path, flags), number);
      const fresh = yield* AsyncFd.watch(number);
      assert.equal((yield* waiting).code, 'CLOSED');
      assert.equal(stale.closed, true);
      stale.close();
      writeSync(number, 'x');
      yield* timeout(10_000, fresh.readable()); // its watch has not been taken away, nor its descriptor closed
      fresh.close();
      closeSync(number);
    });
  });

  it('passes on what the call throws', async () => {
    await run(function* () {
      using fd = yield* AsyncFd.watch(yield* foreign(), { own: true });
      const broken = fd.io('write', () => {
        throw new RangeError('mine');
      });
      let error: unknown;
      try {
        yield* broken;
      } catch (thrown) {
        error = thrown;
      }
      assert.ok(error instanceof RangeError);
      yield* fd.writable();
    });
  });
});
