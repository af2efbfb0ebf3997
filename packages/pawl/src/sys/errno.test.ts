import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getSystemErrorMap } from 'node:util';
import { PawlError } from '../error/index.ts';
import * as errno from './errno.ts';

describe('errno', () => {
  it('agrees with Node on every number that Node knows', () => {
    for (const [number, [name, message]] of getSystemErrorMap()) {
      if (number < -200) continue; // libuv's own
      assert.equal(errno.errnoName(-number), name);
      assert.equal(errno.errnoMessage(-number), message);
      assert.equal(errno.errnoNumber(name), -number);
    }
  });

  it('knows all of Linux’s numbers, in both directions', () => {
    for (let number = 1; number <= 133; number++) {
      if (number === 41 || number === 58) continue; // EWOULDBLOCK and EDEADLOCK once had numbers of their own
      assert.equal(errno.errnoNumber(errno.errnoName(number)), number);
      assert.notEqual(errno.errnoMessage(number), 'unknown error');
    }
    assert.equal(errno.errnoNumber('EWOULDBLOCK'), errno.EAGAIN);
    assert.equal(errno.errnoNumber('EOPNOTSUPP'), 95);
  });

  it('the constants have the numbers of their names', () => {
    const { EINTR, EBADF, EAGAIN, EINVAL, ENFILE, EMFILE, EPIPE, EINPROGRESS } = errno;
    const constants = { EINTR, EBADF, EAGAIN, EINVAL, ENFILE, EMFILE, EPIPE, EINPROGRESS };
    for (const [name, number] of Object.entries(constants)) assert.equal(number, errno.errnoNumber(name));
  });

  it('a number that nobody knows still makes an error', () => {
    assert.equal(errno.errnoName(4000), 'E4000');
    assert.equal(errno.systemError(-4000, 'ioctl').message, 'ioctl E4000: unknown error');
    assert.equal(errno.errnoNumber('ENOSUCH'), undefined);
  });
});

describe('systemError', () => {
  it('has what Node’s has', () => {
    const error = errno.systemError(-111, 'connect', { address: '127.0.0.1', port: 1 });
    assert.ok(error instanceof PawlError);
    assert.equal(error.message, 'connect ECONNREFUSED 127.0.0.1:1');
    const { code, errno: number, syscall, address, port, path } = error;
    assert.deepEqual(
      { code, number, syscall, address, port, path },
      { code: 'ECONNREFUSED', number: -111, syscall: 'connect', address: '127.0.0.1', port: 1, path: undefined },
    );
  });

  it('takes the number with either sign', () => {
    assert.deepEqual(errno.systemError(98, 'bind'), errno.systemError(-98, 'bind'));
  });

  it('says what the code means where Node does', () => {
    assert.equal(
      errno.systemError(98, 'listen', { address: '::', port: 80 }).message,
      'listen EADDRINUSE: address already in use :::80',
    );
    assert.equal(errno.systemError(104, 'read').message, 'read ECONNRESET');
    assert.equal(errno.systemError(2, 'open', { path: '/x' }).message, "ENOENT: no such file or directory, open '/x'");
  });

  it('check passes results on and throws failures', () => {
    assert.equal(errno.check(0, 'read'), 0);
    assert.equal(errno.check(7, 'read'), 7);
    assert.throws(() => errno.check(-9, 'read'), { code: 'EBADF', syscall: 'read' });
  });
});
