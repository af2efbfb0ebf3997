import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { PawlError } from '../error/index.ts';
import { parseAddress } from './address.ts';
import { descriptorTable, listDescriptors } from './descriptors.ts';
import { EAGAIN, EINPROGRESS, EPIPE, errnoNumber } from './errno.ts';
import * as tcp from './socket.ts';

const LOOPBACK = parseAddress('127.0.0.1', 0);

// Descriptors of a test, closed after it.
const open = new Set<number>();
const keep = (fd: number): number => {
  open.add(fd);
  return fd;
};
const shut = (fd: number): void => {
  if (open.delete(fd)) tcp.close(fd);
};

function listener(address: tcp.SocketAddress = LOOPBACK): { fd: number; address: tcp.SocketAddress } {
  const fd = keep(tcp.socket(address.family));
  tcp.setReuseAddr(fd, true);
  tcp.bind(fd, address);
  tcp.listen(fd, 16);
  return { fd, address: tcp.localAddress(fd) };
}

/** Loopback connects within the call's own softirq: the connection is in the listener's queue when connect returns. */
function connection(address: tcp.SocketAddress = LOOPBACK): { client: number; server: number; to: tcp.SocketAddress } {
  const at = listener(address);
  const client = keep(tcp.socket(address.family));
  const result = tcp.connect(client, at.address);
  assert.ok(result === 0 || result === -EINPROGRESS, `connect ${result}`);
  const server = keep(tcp.accept(at.fd));
  assert.ok(server >= 0, `accept ${server}`);
  return { client, server, to: at.address };
}

function pair(): [number, number] {
  const [first, second] = tcp.socketPair();
  return [keep(first), keep(second)];
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const code = (expected: string) => (error: unknown) => error instanceof PawlError && error.code === expected;

afterEach(() => {
  for (const fd of open) tcp.close(fd);
  open.clear();
});

describe('TCP over the system calls', () => {
  it('connects, accepts, and tells both ends their addresses', () => {
    const { client, server, to } = connection();
    const from = tcp.localAddress(client);
    assert.equal(tcp.socketError(client), 0);
    assert.deepEqual(tcp.peerAddress(client), to);
    assert.deepEqual(tcp.peerAddress(server), from);
    assert.deepEqual(tcp.localAddress(server), to);
    assert.notEqual(from.port, 0);
  });

  it('accept leaves the peer address to be asked for', () => {
    const at = listener();
    const client = keep(tcp.socket(4));
    tcp.connect(client, at.address);
    keep(tcp.accept(at.fd));
    assert.deepEqual(tcp.acceptedAddress(), tcp.localAddress(client));
  });

  it('accept on an empty queue would block', () => {
    assert.equal(tcp.accept(listener().fd), -EAGAIN);
  });

  it('carries bytes both ways, would block when there are none, and reads 0 at the end', () => {
    const { client, server } = connection();
    const target = new Uint8Array(8);
    assert.equal(tcp.recv(server, target), -EAGAIN);
    assert.equal(tcp.send(client, bytes(1, 2, 3)), 3);
    assert.equal(tcp.recv(server, target), 3);
    assert.deepEqual([...target], [1, 2, 3, 0, 0, 0, 0, 0]);
    assert.equal(tcp.send(server, bytes(9)), 1);
    assert.equal(tcp.recv(client, target.subarray(4)), 1);
    assert.deepEqual([...target], [1, 2, 3, 0, 9, 0, 0, 0]);
    assert.equal(tcp.shutdown(client, 'write'), 0);
    assert.equal(tcp.recv(server, target), 0);
  });

  it('never writes past the end of the target', () => {
    const [a, b] = pair();
    tcp.send(a, bytes(1, 2, 3, 4, 5));
    const whole = new Uint8Array(8);
    assert.equal(tcp.recv(b, whole.subarray(2, 4)), 2);
    assert.deepEqual([...whole], [0, 0, 1, 2, 0, 0, 0, 0]);
  });

  it('reads into shared memory', () => {
    const [a, b] = pair();
    tcp.send(a, bytes(7, 8));
    const target = new Uint8Array(new SharedArrayBuffer(4));
    assert.equal(tcp.recv(b, target), 2);
    assert.deepEqual([...target], [7, 8, 0, 0]);
  });

  it('moves at most one transfer at a time, from any offset', () => {
    const [a, b] = pair();
    tcp.setSendBuffer(a, 1 << 20);
    const big = Uint8Array.from({ length: tcp.TRANSFER_SIZE + 10 }, (_, i) => i % 251);
    const sent = tcp.send(a, big.subarray(3));
    assert.ok(sent > 0 && sent <= tcp.TRANSFER_SIZE, `sent ${sent}`);
    const target = new Uint8Array(tcp.TRANSFER_SIZE * 2);
    let got = 0;
    while (got < sent) {
      const count = tcp.recv(b, target.subarray(got));
      assert.ok(count > 0 && count <= tcp.TRANSFER_SIZE);
      got += count;
    }
    assert.deepEqual(target.subarray(0, sent), big.subarray(3, 3 + sent));
  });

  it('sends several buffers in their order in one call', () => {
    const [a, b] = pair();
    assert.equal(tcp.sendVectored(a, [bytes(1), bytes(), bytes(2, 3), bytes(4)]), 4);
    const target = new Uint8Array(8);
    assert.equal(tcp.recv(b, target), 4);
    assert.deepEqual([...target.subarray(0, 4)], [1, 2, 3, 4]);
  });

  it('cuts several buffers off at one transfer', () => {
    const [a, b] = pair();
    tcp.setSendBuffer(a, 1 << 20);
    const sent = tcp.sendVectored(a, [new Uint8Array(tcp.TRANSFER_SIZE - 1).fill(1), bytes(2, 3), bytes(4)]);
    assert.equal(sent, tcp.TRANSFER_SIZE);
    const target = new Uint8Array(tcp.TRANSFER_SIZE * 2);
    let got = 0;
    for (let count = tcp.recv(b, target); count > 0; count = tcp.recv(b, target.subarray(got))) got += count;
    assert.equal(got, sent);
    assert.deepEqual([...target.subarray(sent - 2, sent + 1)], [1, 2, 0]);
  });

  it('writing until it would block takes some bytes and loses none', () => {
    const [a, b] = pair();
    let sent = 0;
    for (let count = 0; count >= 0; sent += Math.max(0, count)) count = tcp.send(a, new Uint8Array(10_000));
    assert.equal(tcp.send(a, bytes(1)), -EAGAIN);
    const target = new Uint8Array(65_536);
    let got = 0;
    for (let count = tcp.recv(b, target); count > 0; count = tcp.recv(b, target)) got += count;
    assert.equal(got, sent);
  });

  it('a write to a closed peer is EPIPE, not a signal', () => {
    const [a, b] = pair();
    shut(b);
    assert.equal(tcp.send(a, bytes(1)), -EPIPE);
  });

  it('a reset reaches the reader', () => {
    const { client, server } = connection();
    tcp.setLinger(client, 0);
    shut(client);
    assert.equal(tcp.recv(server, new Uint8Array(1)), -(errnoNumber('ECONNRESET') ?? 0));
  });

  it('a refused connection is found by its error', () => {
    const at = listener();
    shut(at.fd);
    const client = keep(tcp.socket(4));
    const result = tcp.connect(client, at.address);
    const errno = result === -EINPROGRESS ? tcp.socketError(client) : -result;
    assert.equal(errno, errnoNumber('ECONNREFUSED'));
    assert.equal(tcp.socketError(client), 0); // reading it clears it
  });

  it('an address in use is an error with the address', () => {
    const at = listener();
    const second = keep(tcp.socket(4));
    assert.throws(
      () => tcp.bind(second, at.address),
      (error) =>
        code('EADDRINUSE')(error) &&
        error instanceof PawlError &&
        error.syscall === 'bind' &&
        error.address === '127.0.0.1' &&
        error.port === at.address.port &&
        error.message === `bind EADDRINUSE: address already in use 127.0.0.1:${at.address.port}`,
    );
  });

  it('two listeners share a port when both ask for it', () => {
    const first = keep(tcp.socket(4));
    tcp.setReusePort(first, true);
    tcp.bind(first, LOOPBACK);
    tcp.listen(first, 4);
    const second = keep(tcp.socket(4));
    tcp.setReusePort(second, true);
    tcp.bind(second, tcp.localAddress(first));
    tcp.listen(second, 4);
    assert.deepEqual(tcp.localAddress(second), tcp.localAddress(first));
  });

  it('works over IPv6', () => {
    const { client, server } = connection(parseAddress('::1', 0));
    assert.equal(tcp.peerAddress(client).host, '::1');
    assert.equal(tcp.peerAddress(server).family, 6);
    assert.equal(tcp.send(client, bytes(5)), 1);
    assert.equal(tcp.recv(server, new Uint8Array(2)), 1);
  });

  it('an IPv6 listener takes IPv4 unless told otherwise', () => {
    for (const only of [false, true]) {
      const fd = keep(tcp.socket(6));
      tcp.setIPv6Only(fd, only);
      tcp.bind(fd, parseAddress('::', 0));
      tcp.listen(fd, 4);
      const client = keep(tcp.socket(4));
      const result = tcp.connect(client, parseAddress('127.0.0.1', tcp.localAddress(fd).port));
      const accepted = tcp.accept(fd);
      if (accepted >= 0) keep(accepted);
      assert.equal(accepted >= 0, !only, `connect ${result}, accept ${accepted}`);
      if (!only) assert.equal(tcp.acceptedAddress().host, '::ffff:127.0.0.1');
    }
  });

  it('sets and reads its options', () => {
    const { client } = connection();
    assert.equal(tcp.getNoDelay(client), false);
    tcp.setNoDelay(client, true);
    assert.equal(tcp.getNoDelay(client), true);
    assert.equal(tcp.getKeepAlive(client), undefined);
    tcp.setKeepAlive(client, true, 1500, 2001, 3); // whole seconds, rounded up
    assert.deepEqual(tcp.getKeepAlive(client), { delay: 2, interval: 3, probes: 3 });
    tcp.setKeepAlive(client, false);
    assert.equal(tcp.getKeepAlive(client), undefined);
    tcp.setReceiveBuffer(client, 50_000);
    tcp.setSendBuffer(client, 60_000);
    assert.equal(tcp.getReceiveBuffer(client), 100_000); // doubled, see socket(7)
    assert.equal(tcp.getSendBuffer(client), 120_000);
  });

  it('errors of a wrong use carry code and call', () => {
    assert.throws(() => tcp.listen(-1, 1), code('EBADF'));
    assert.throws(() => tcp.localAddress(-1), code('EBADF'));
    assert.throws(() => tcp.setNoDelay(-1, true), code('EBADF'));
    assert.throws(() => tcp.peerAddress(keep(tcp.socket(4))), code('ENOTCONN'));
    assert.equal(tcp.recv(-1, new Uint8Array(1)), -9);
    assert.equal(tcp.send(-1, new Uint8Array(1)), -9);
    assert.equal(tcp.accept(-1), -9);
  });

  it('lists what is open and strikes out what is closed', () => {
    const before = listDescriptors(descriptorTable());
    const { client, server } = connection();
    const during = listDescriptors(descriptorTable());
    assert.ok(during.includes(client) && during.includes(server));
    for (const fd of open) tcp.close(fd);
    open.clear();
    assert.deepEqual(listDescriptors(descriptorTable()), before);
  });
});
