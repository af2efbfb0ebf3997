import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { blockOn, coroutine, type Future, join, PawlError, race, run, sleep, spawn, timeout, yieldNow } from 'pawl';
import { cancelEverywhere } from '../../../test/support/cancel-everywhere.ts';
import { failure } from '../../../test/support/loopback.ts';
import { withNames } from '../../../test/support/names.ts';
import { waitInfo, type Waiting } from '../../future/wait-info.ts';
import { formatAddress, UdpSocket } from '../index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const what = (future: Future<unknown>): string => (future as unknown as Waiting)[waitInfo]().what;

/** A bound socket, and one connected to it. */
const pair = coroutine(function* () {
  const server = yield* UdpSocket.bind(0);
  const client = yield* UdpSocket.connect(server.localAddress);
  return {
    server,
    client,
    [Symbol.dispose]() {
      server.close();
      client.close();
    },
  };
});

describe('a UDP socket', () => {
  it('talks with one of Node', async () => {
    const other = createSocket('udp4');
    other.on('message', (message, from) => other.send(`${message.toString()}!`, from.port, from.address));
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    try {
      await run(function* () {
        using socket = yield* UdpSocket.connect(other.address().port);
        yield* socket.send(text('hello'));
        const target = new Uint8Array(10);
        const { length, from } = yield* timeout(5000, socket.recv(target));
        assert.equal(new TextDecoder().decode(target.subarray(0, length)), 'hello!');
        assert.equal(from.port, other.address().port);
      });
    } finally {
      other.close();
    }
  });

  it('sends to an address in every form, and to no name', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server, client } = both;
      const { port, host } = server.localAddress;
      client.disconnect();
      for (const to of [port, `127.0.0.1:${port}`, { port }, { host, port }, server.localAddress])
        yield* client.sendTo(bytes(1), to);
      let received = 0;
      while (received < 5) received += (yield* server.recvMany()).length;
      assert.throws(() => client.sendTo(bytes(1), 'localhost:80'), { code: 'BAD_ADDRESS' });
      assert.throws(() => client.sendTo(bytes(1), 0), { code: 'BAD_PORT' });
      assert.throws(() => client.sendTo(bytes(1), { host, port: 0, family: 4 } as never), { code: 'BAD_PORT' });
      assert.throws(() => client.sendTo(bytes(1), '127.0.0.1:70000'), { code: 'BAD_PORT' });
      const odd = { host: 'nonsense', port, family: 4 } as never;
      assert.equal((yield* failure(client.sendTo(bytes(1), odd))).code, 'BAD_ADDRESS');
    });
  });

  it('looks up the name that it is bound or connected to', async () => {
    await run(
      function* () {
        using server = yield* UdpSocket.bind('here.test:0');
        using client = yield* UdpSocket.connect(`here.test:${server.localAddress.port}`);
        assert.deepEqual(client.remoteAddress, server.localAddress);
        using third = yield* UdpSocket.bind(0);
        yield* third.connect(`here.test:${server.localAddress.port}`);
        yield* third.send(bytes(3));
        yield* server.recvFrom(new Uint8Array(1));
        assert.equal((yield* failure(UdpSocket.connect('nowhere.test:1'))).code, 'ENOTFOUND');
      },
      { driver: withNames({ 'here.test': ['127.0.0.1'] }) },
    );
  });

  it('refuses what makes no sense before there is a socket', () => {
    const refused = (code: string, call: () => unknown): void => assert.throws(call, { code });
    for (const wrong of [0, -1, NaN, 1.5, 2 ** 31, '1' as never]) {
      refused('BAD_ARGUMENT', () => UdpSocket.bind(0, { receiveBuffer: wrong }));
      refused('BAD_ARGUMENT', () => UdpSocket.bind(0, { sendBuffer: wrong }));
      refused('BAD_ARGUMENT', () => UdpSocket.bind(0, { ttl: wrong }));
    }
    for (const wrong of [-1, 256, NaN]) refused('BAD_ARGUMENT', () => UdpSocket.bind(0, { multicastTtl: wrong }));
    refused('BAD_ARGUMENT', () => UdpSocket.bind(0, { multicastInterface: 3 as never }));
    refused('BAD_PORT', () => UdpSocket.bind(70_000));
    refused('BAD_PORT', () => UdpSocket.connect(0));
    refused('BAD_ADDRESS', () => UdpSocket.bind('::1'));
    blockOn(function* () {
      using socket = yield* UdpSocket.bind(0);
      for (const wrong of [0, 65, 1.5]) refused('BAD_ARGUMENT', () => socket.recvMany(wrong));
      refused('BAD_ARGUMENT', () => socket.recv('text' as never));
      refused('BAD_ARGUMENT', () => socket.send('text' as never));
      refused('BAD_ARGUMENT', () => socket.sendMany([{ data: 'text' as never }]));
      refused('BAD_ADDRESS', () => socket.join('not a group'));
      refused('BAD_ADDRESS', () => socket.join('127.0.0.1'));
      refused('BAD_ADDRESS', () => socket.join('ff02::1'));
      refused('BAD_ADDRESS', () => socket.join(3 as never));
      refused('BAD_ADDRESS', () => socket.join('239.1.2.3', { interface: 'no such one' }));
      refused('BAD_ARGUMENT', () => socket.set({ ttl: 0 }));
    });
  });

  it('refuses options that it does not know, and flags that are none, by name', () => {
    const wrong = (call: () => unknown, text: string): void => {
      assert.throws(call, (error: PawlError) => error.code === 'BAD_ARGUMENT' && error.message.includes(text));
    };
    wrong(() => UdpSocket.bind(0, { reuseAdress: true } as object), 'UdpSocket.bind has no option "reuseAdress"');
    wrong(() => UdpSocket.connect(1, { tll: 1 } as object), 'UdpSocket.connect has no option "tll"');
    for (const none of [null, 5]) wrong(() => UdpSocket.bind(0, none as unknown as object), 'takes an object');
    for (const flag of ['reuseAddr', 'reusePort', 'ipv6Only', 'broadcast', 'multicastLoop'])
      wrong(() => UdpSocket.bind(0, { [flag]: 'false' }), `${flag} must be true or false, got string`);
    blockOn(function* () {
      using socket = yield* UdpSocket.bind(0);
      wrong(() => socket.set({ reuseAddr: true } as object), 'UdpSocket.set has no option "reuseAddr"');
      wrong(() => socket.join('239.1.1.1', { iface: 'lo' } as object), 'a membership has no option "iface"');
      wrong(() => socket.join('239.1.1.1', { interface: 1 as unknown as string }), 'interface is a name or an address');
      wrong(() => socket.leave('239.1.1.1', null as unknown as object), 'takes an object');
      wrong(() => socket.sendMany(null as unknown as []), 'datagrams are a list');
      wrong(() => socket.sendMany([null] as unknown as []), 'a datagram is { data, to }, got null');
    });
  });

  it('receives with recv only when it is connected, and a second time only when the first is done', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server, client } = both;
      assert.equal((yield* failure(server.recv(new Uint8Array(1)))).code, 'ENOTCONN');
      const first = spawn(server.recvFrom(new Uint8Array(1)));
      yield* yieldNow();
      assert.equal((yield* failure(server.recvFrom(new Uint8Array(1)))).code, 'BUSY');
      assert.equal((yield* failure(server.recvMany())).code, 'BUSY');
      yield* client.send(bytes(7));
      assert.equal((yield* first).length, 1);
    });
  });

  it('keeps its port when it lets its peer go, also one that the system chose', () => {
    blockOn(function* () {
      using one = yield* UdpSocket.bind(0);
      using two = yield* UdpSocket.bind(0);
      using connected = yield* UdpSocket.connect(one.localAddress);
      for (const socket of [two, connected]) {
        const { port } = socket.localAddress;
        yield* socket.connect(one.localAddress);
        socket.disconnect();
        assert.equal(socket.localAddress.port, port);
        yield* one.sendTo(Uint8Array.of(1), { host: '127.0.0.1', port });
        assert.equal((yield* timeout(5000, socket.recvFrom(new Uint8Array(2)))).length, 1);
      }
    });
  });

  it('hears that nobody is there while it waits, and goes on', () => {
    blockOn(function* () {
      using client = yield* UdpSocket.bind(0);
      const server = yield* UdpSocket.bind(0);
      const { localAddress } = server;
      server.close();
      yield* client.connect(localAddress);
      const waiting = spawn(failure(client.recv(new Uint8Array(1))));
      yield* yieldNow();
      yield* client.send(bytes(1));
      const error = yield* waiting;
      assert.deepEqual([error.code, error.syscall, error.port], ['ECONNREFUSED', 'recv', localAddress.port]);
      using again = yield* UdpSocket.bind(localAddress);
      yield* client.send(bytes(2));
      assert.equal((yield* again.recvFrom(new Uint8Array(1))).from.port, client.localAddress.port);
    });
  });

  it('says of a datagram that is too long how long it may be', () => {
    blockOn(function* () {
      using both = yield* pair();
      const error = yield* failure(both.client.send(new Uint8Array(65_508)));
      assert.deepEqual([error.code, error.syscall], ['EMSGSIZE', 'send']);
      assert.match(error.message, /65508 bytes: a datagram has at most 65507 over IPv4/);
      const sending = both.client.sendMany([{ data: bytes(1) }, { data: new Uint8Array(70_000) }]);
      assert.equal((yield* failure(sending)).code, 'EMSGSIZE');
      assert.equal(sending.sent, 1);
    });
  });

  it('ends what waits when it is closed', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server } = both;
      const waiting = spawn(failure(server.recvFrom(new Uint8Array(1))));
      yield* yieldNow();
      server.close();
      assert.equal((yield* waiting).code, 'CLOSED');
      assert.equal((yield* failure(server.sendTo(bytes(1), 9))).code, 'CLOSED');
      assert.equal((yield* failure(server.recvMany())).code, 'CLOSED');
      assert.equal(server.closed, true);
    });
  });

  it('loses nothing when a receive is cancelled', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server, client } = both;
      for (let n = 0; n < 20; n++) {
        const target = new Uint8Array(1);
        yield* race<unknown>([server.recvFrom(target), yieldNow()]);
        yield* client.send(bytes(n));
        yield* server.recvFrom(target);
        assert.equal(target[0], n);
      }
    });
  });

  it('does not take memory that went away while it waited for a datagram without room', () => {
    blockOn(function* () {
      using both = yield* pair();
      const target = new Uint8Array(4);
      const waiting = spawn(failure(both.server.recvFrom(target)));
      yield* yieldNow();
      structuredClone(target.buffer, { transfer: [target.buffer] });
      yield* both.client.send(bytes(1));
      assert.equal((yield* waiting).code, 'BAD_ARGUMENT');
      // Which has taken nothing.
      assert.equal((yield* both.server.recvFrom(new Uint8Array(4))).length, 1);
    });
  });

  it('drops what a slow reader does not take, and counts it: 10,000 datagrams', () => {
    blockOn(function* () {
      using server = yield* UdpSocket.bind(0, { receiveBuffer: 16 * 1024 });
      using client = yield* UdpSocket.connect(server.localAddress);
      const batch = Array.from({ length: 100 }, (_, n) => ({ data: new Uint8Array(200).fill(n) }));
      const before = process.memoryUsage().arrayBuffers;
      for (let n = 0; n < 100; n++) yield* client.sendMany(batch);
      assert.equal(client.metrics.sent, 10_000);
      const { dropped } = server.metrics;
      assert.ok(dropped > 9000, `${dropped} dropped`);
      while (server.metrics.received + dropped < 10_000) yield* server.recvMany();
      // What was kept is what came first.
      assert.deepEqual(server.metrics, { sent: 0, received: 10_000 - dropped, dropped });
      assert.ok(process.memoryUsage().arrayBuffers - before < 4_000_000);
      server.close();
      assert.equal(server.metrics.dropped, dropped);
    });
  });

  it('lets others run while datagrams are always there', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server, client } = both;
      const flood = coroutine(function* () {
        const target = new Uint8Array(1);
        for (;;) {
          yield* client.send(bytes(1));
          yield* server.recvFrom(target);
        }
      });
      yield* race<unknown>([flood(), sleep(1)]);
    });
  });

  it('tells what it waits for', () => {
    blockOn(function* () {
      using both = yield* pair();
      const { server, client } = both;
      const at = formatAddress(server.localAddress);
      const waiting = server.recvFrom(new Uint8Array(1));
      yield* race<unknown>([waiting, yieldNow()]);
      assert.equal(what(waiting), `receive on ${at}`);
      assert.equal(what(client.send(bytes(1))), `send to ${at}`);
      assert.equal(what(server.sendTo(bytes(1), 9)), 'send to 127.0.0.1:9');
      assert.match(what(server.sendMany([{ data: bytes(1), to: 9 }])), /^send 1 more datagrams from /);
    });
  });

  it('leaks nothing, wherever it is cancelled', async () => {
    const suspensions = await cancelEverywhere(function* (watch) {
      using server = yield* UdpSocket.bind(0);
      const answer = coroutine(function* () {
        for (let n = 0; n < 3; n++) {
          for (const { data, from } of yield* server.recvMany()) yield* server.sendTo(data, from);
        }
      });
      const ask = coroutine(function* () {
        using client = yield* UdpSocket.connect(server.localAddress);
        for (let n = 0; n < 3; n++) {
          yield* client.send(bytes(n));
          yield* client.recv(new Uint8Array(1));
        }
      });
      yield* join([watch(answer()), watch(ask())]);
    });
    assert.ok(suspensions > 5);
  });
});

describe('a datagram to many', () => {
  /** Those that a host without a network has not. */
  const loopbackGroup = '239.255.77.1';

  it('reaches the members of its group, and those who have left no more', () => {
    blockOn(function* () {
      using one = yield* UdpSocket.bind('0.0.0.0:0', { reuseAddr: true });
      const { port } = one.localAddress;
      using two = yield* UdpSocket.bind(`0.0.0.0:${port}`, { reuseAddr: true });
      using sender = yield* UdpSocket.bind(0, {
        multicastInterface: '127.0.0.1',
        multicastTtl: 0,
        multicastLoop: true,
      });
      for (const member of [one, two]) member.join(loopbackGroup, { interface: '127.0.0.1' });
      assert.throws(() => one.join(loopbackGroup, { interface: '127.0.0.1' }), { code: 'EADDRINUSE' });
      yield* sender.sendTo(bytes(1), { host: loopbackGroup, port });
      for (const member of [one, two]) yield* timeout(5000, member.recvFrom(new Uint8Array(1)));
      one.leave(loopbackGroup, { interface: '127.0.0.1' });
      assert.throws(() => one.leave(loopbackGroup, { interface: '127.0.0.1' }), { code: 'EADDRNOTAVAIL' });
      yield* sender.sendTo(bytes(2), { host: loopbackGroup, port });
      yield* timeout(5000, two.recvFrom(new Uint8Array(1)));
      // To itself alone: had the group's datagram come, it would be before this one.
      yield* sender.sendTo(bytes(3), { host: '127.0.0.1', port });
      const [first] = yield* race([one.recvMany(), two.recvMany()]);
      assert.equal(first!.data[0], 3);
    });
  });

  // Over the loopback interface everything comes back, and IPv6 has no groups there.
  const outside = Object.entries(networkInterfaces()).find(([, of = []]) => of.some(({ internal }) => !internal));
  const skip = outside === undefined && 'there is no interface but the loopback';
  const named = outside?.[0] ?? '';

  it('comes back to this machine only where that is wanted', { skip }, () => {
    blockOn(function* () {
      using member = yield* UdpSocket.bind('0.0.0.0:0');
      const { port } = member.localAddress;
      member.join(loopbackGroup, { interface: named });
      using sender = yield* UdpSocket.bind('0.0.0.0:0', { multicastInterface: named, multicastTtl: 0 });
      sender.set({ multicastLoop: false });
      yield* sender.sendTo(bytes(1), { host: loopbackGroup, port });
      sender.set({ multicastLoop: true });
      yield* sender.sendTo(bytes(2), { host: loopbackGroup, port });
      const target = new Uint8Array(1);
      yield* timeout(5000, member.recvFrom(target));
      assert.equal(target[0], 2);
    });
  });

  const six = outside?.[1]?.some(({ family }) => family === 'IPv6') === true;
  it('goes over IPv6, too', { skip: !six && 'no interface but the loopback has an IPv6 address' }, () => {
    blockOn(function* () {
      using member = yield* UdpSocket.bind('[::]:0', { ipv6Only: true });
      const { port } = member.localAddress;
      member.join('ff01::77', { interface: named });
      using sender = yield* UdpSocket.bind('[::]:0', { multicastInterface: named, multicastTtl: 0, ttl: 3 });
      yield* sender.sendTo(bytes(9), { host: 'ff01::77', port });
      const target = new Uint8Array(1);
      yield* timeout(5000, member.recvFrom(target));
      assert.equal(target[0], 9);
      member.leave('ff01::77', { interface: named });
    });
  });

  it('is joined over IPv6', () => {
    blockOn(function* () {
      using member = yield* UdpSocket.bind('[::]:0');
      member.join('ff01::77', { interface: '1' });
      assert.throws(() => member.join('ff01::77', { interface: '1' }), { code: 'EADDRINUSE' });
      member.leave('ff01::77', { interface: '1' });
      assert.throws(() => member.leave('ff01::77', { interface: '1' }), { code: 'EADDRNOTAVAIL' });
      assert.throws(() => member.join('239.1.2.3'), { code: 'BAD_ADDRESS' });
    });
  });

  it('is broadcast only by a socket that may', () => {
    blockOn(function* () {
      using receiver = yield* UdpSocket.bind('0.0.0.0:0');
      const to = { host: '127.255.255.255', port: receiver.localAddress.port };
      using sender = yield* UdpSocket.bind(0);
      const error = yield* failure(sender.sendTo(bytes(1), to));
      assert.deepEqual([error.code, error.address], ['EACCES', '127.255.255.255']);
      sender.set({ broadcast: true });
      yield* sender.sendTo(bytes(1), to);
      yield* timeout(5000, receiver.recvFrom(new Uint8Array(1)));
    });
  });
});

it('a socket of another runtime is refused', async () => {
  const socket = await run(UdpSocket.bind(0));
  try {
    assert.ok(socket.localAddress.port > 0);
    await run(function* () {
      const error = yield* failure(UdpSocket.bind(socket.localAddress));
      assert.ok(error instanceof PawlError);
      assert.equal(error.code, 'EADDRINUSE');
    });
  } finally {
    socket.close();
  }
});
