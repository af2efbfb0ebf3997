import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { array, assert as check, integer, property, record } from 'fast-check';
import { parseAddress } from './address.ts';
import { alike, REFUSED, sendSegments, type Sent } from './datagram-segments.ts';
import { connectDatagram, recvFrom, udpSocket } from './datagram.ts';
import { EAGAIN, errnoNumber } from './errno.ts';
import { bind, close, localAddress, type SocketAddress } from './socket.ts';

const LOOPBACK = parseAddress('127.0.0.1', 0);
const open: number[] = [];

function bound(): { fd: number; at: SocketAddress } {
  const fd = udpSocket(4);
  open.push(fd);
  bind(fd, LOOPBACK);
  return { fd, at: localAddress(fd) };
}

afterEach(() => {
  for (const fd of open.splice(0)) close(fd);
});

const sized = (...sizes: number[]): Sent[] => sizes.map((size, n) => ({ data: new Uint8Array(size).fill(n) }));

describe('datagrams that are alike', () => {
  it('have one size, but for the last, and one receiver', () => {
    assert.equal(alike(sized(5, 5, 5), 0), 3);
    assert.equal(alike(sized(5, 5, 3, 3), 0), 3);
    assert.equal(alike(sized(5, 5, 6), 0), 2);
    assert.equal(alike(sized(5, 5, 0), 0), 2);
    assert.equal(alike(sized(0, 0), 0), 1);
    assert.equal(alike(sized(9, 5, 5), 1), 2);
    const [one, other] = [parseAddress('127.0.0.1', 1), parseAddress('127.0.0.1', 2)];
    const data = new Uint8Array(1);
    const to = (...receivers: (SocketAddress | undefined)[]): Sent[] =>
      receivers.map((receiver) => (receiver === undefined ? { data } : { data, to: receiver }));
    assert.equal(alike(to(one, { ...one }, other), 0), 2);
    assert.equal(alike(to(one, undefined), 0), 1);
    assert.equal(alike(to(undefined, undefined, one), 0), 2);
  });

  it('are no more than the kernel cuts, and fit into one packet', () => {
    assert.equal(alike(sized(...Array.from({ length: 100 }, () => 8)), 0), 64);
    assert.equal(alike(sized(...Array.from({ length: 100 }, () => 2000)), 0), 32);
    assert.equal(alike(sized(65_507, 65_507), 0), 1);
  });

  it('arrive as they were sent, whatever their number and sizes', () => {
    const { fd: sender } = bound();
    const { fd: receiver, at } = bound();
    const run = record({
      size: integer({ min: 1, max: 1200 }),
      count: integer({ min: 1, max: 40 }),
      last: array(integer({ min: 1, max: 1200 }), { maxLength: 1 }),
    });
    check(
      property(run, ({ size, count, last }) => {
        const datagrams = sized(...Array.from({ length: count }, () => size), ...last.map((n) => Math.min(n, size)));
        const all = datagrams.map(({ data }) => ({ data, to: at }));
        const together = alike(all, 0);
        assert.equal(together, all.length);
        assert.equal(sendSegments(sender, all, 0, together), together);
        const target = new Uint8Array(2000);
        for (const { data } of all) {
          assert.equal(recvFrom(receiver, target), data.length);
          assert.deepEqual(target.subarray(0, data.length), data);
        }
        assert.equal(recvFrom(receiver, target), -EAGAIN);
      }),
      { numRuns: 50 },
    );
  });

  it('that the kernel does not cut are refused, and not sent; other failures are told', () => {
    const { fd: sender } = bound();
    const { fd: receiver, at } = bound();
    const all = sized(10, 10, 10).map(({ data }) => ({ data, to: at }));
    // As a datagram that is longer than a packet may be: the kernel cuts nothing to more than it has.
    assert.equal(sendSegments(sender, [{ data: new Uint8Array(65_508), to: at }], 0, 1), REFUSED);
    assert.equal(recvFrom(receiver, new Uint8Array(1)), -EAGAIN);
    assert.equal(sendSegments(sender, all, 0, 3), 3);
    assert.equal(sendSegments(sender, sized(1, 1), 0, 2), -errnoNumber('EDESTADDRREQ')!);
    assert.equal(connectDatagram(sender, at), 0);
    assert.equal(sendSegments(sender, sized(1, 1), 0, 2), 2);
  });
});
