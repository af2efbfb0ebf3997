import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect as connectNode, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { blockOn, coroutine, type Future, join, race, run, sleep, spawn, timeout, yieldNow } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { cancelEverywhere } from '../../../test/support/cancel-everywhere.ts';
import { both, decode, encode, folder, names } from '../../../test/support/folder.ts';
import { failure } from '../../../test/support/loopback.ts';
import { dumpAll } from '../../task/dump-all.ts';
import { waitInfo, type Waiting } from '../../future/wait-info.ts';
import { UnixDatagram, UnixListener, type UnixName, UnixStream } from '../index.ts';

const what = (future: Future<unknown>): string => (future as unknown as Waiting)[waitInfo]().what;
const descriptors = (): number => readdirSync('/proc/self/fd').length;
let counter = 0;
/** An abstract name that nobody has. */
const fresh = (): UnixName => ({ abstract: `pawl-test-${process.pid}-${counter++}` });

const waitUntil = coroutine(function* (holds: () => boolean) {
  while (!holds()) yield* sleep(1);
});

/** Two ends, closed together. */
const pair = coroutine(function* () {
  const [a, b] = yield* UnixStream.pair();
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
});

describe('a Unix stream', () => {
  both('connects by path and by abstract name, and knows who is there', function* (at) {
    for (const name of [`${at}/socket`, fresh()]) {
      using listener = yield* UnixListener.bind(name);
      const [server, client] = yield* join([listener.accept(), UnixStream.connect(name)]);
      using _server = server;
      using _client = client;
      yield* client.writeAll(encode('one\ntwo\n'));
      yield* client.shutdown();
      const reader = new BufferedReader(server);
      assert.equal(yield* reader.readLine(), 'one');
      assert.equal(yield* reader.readLine(), 'two');
      assert.equal(yield* reader.readLine(), null);
      for (const end of [server, client]) {
        assert.deepEqual(end.peerCredentials, { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() });
      }
      assert.deepEqual(client.remoteAddress, listener.localAddress);
      assert.deepEqual(server.localAddress, listener.localAddress);
      assert.equal(client.localAddress.kind, 'unnamed');
    }
  });

  both('has a path while somebody listens, and not after that', function* (at) {
    const path = `${at}/socket`;
    const listener = yield* UnixListener.bind(path);
    assert.ok(statSync(path).isSocket());
    assert.equal((yield* failure(UnixListener.bind(path))).code, 'EADDRINUSE');
    assert.ok(statSync(path).isSocket());
    listener.close();
    listener.close();
    assert.deepEqual(names(at), []);
    const error = yield* failure(UnixStream.connect(path));
    assert.deepEqual([error.code, error.syscall, error.path], ['ENOENT', 'connect', path]);
    writeFileSync(path, '');
    assert.equal((yield* failure(UnixStream.connect(path))).code, 'ECONNREFUSED');
    assert.equal((yield* failure(UnixStream.connect(fresh()))).code, 'ECONNREFUSED');
    assert.equal((yield* failure(UnixListener.bind(`${at}/none/socket`))).code, 'ENOENT');
    using datagrams = yield* UnixDatagram.bind(`${at}/datagrams`);
    assert.equal((yield* failure(UnixStream.connect(`${at}/datagrams`))).code, 'EPROTOTYPE');
    assert.equal(datagrams.closed, false);
  });

  it('talks with one of Node, both ways', async () => {
    const at = folder();
    const server = createServer((socket) => void socket.pipe(socket));
    await new Promise<void>((listening) => server.listen(`${at}/node`, listening));
    await run(function* () {
      using stream = yield* UnixStream.connect(`${at}/node`);
      yield* stream.writeAll(encode('hello'));
      const target = new Uint8Array(10);
      assert.equal(yield* timeout(5000, stream.read(target)), 5);
      using listener = yield* UnixListener.bind(`${at}/ours`);
      const other = connectNode(`${at}/ours`);
      other.end('from node');
      using accepted = yield* timeout(5000, listener.accept());
      const reader = new BufferedReader(accepted);
      assert.equal(decode(yield* reader.readToEnd()), 'from node');
    });
    server.close();
  });

  it('waits where the queue of the listener is full', async () => {
    await run(function* () {
      const name = fresh();
      using listener = yield* UnixListener.bind(name, { backlog: 1 });
      const clients = Array.from({ length: 6 }, () => UnixStream.connect(name));
      const serve = coroutine(function* () {
        yield* sleep(5);
        for (let n = 0; n < 6; n++) (yield* listener.accept()).close();
      });
      const [connected] = yield* join([join(clients), serve()]);
      for (const client of connected) client.close();
    });
  });

  both('hears that the other end is gone', function* () {
    using ends = yield* pair();
    const { a, b } = ends;
    b.close();
    assert.equal(yield* a.read(new Uint8Array(1)), 0);
    const error = yield* failure(a.write(encode('x')));
    assert.deepEqual([error.code, error.syscall], ['EPIPE', 'write']);
  });

  both('waits while the other end does not read, and loses nothing', function* () {
    using ends = yield* pair();
    const { a, b } = ends;
    const total = 2_000_000;
    const write = coroutine(function* () {
      yield* a.writeAll(new Uint8Array(total).map((_, i) => i % 251));
      yield* a.shutdown();
    });
    const read = coroutine(function* () {
      const target = new Uint8Array(77_777);
      let at = 0;
      for (;;) {
        const count = yield* b.read(target);
        if (count === 0) return at;
        for (let i = 0; i < count; i++) if (target[i] !== (at + i) % 251) assert.fail(`byte ${at + i}`);
        at += count;
      }
    });
    const [, count] = yield* join([write(), read()]);
    assert.equal(count, total);
  });

  both('is split in two', function* () {
    using ends = yield* pair();
    const [reading, writing] = ends.a.split();
    yield* ends.b.writeAll(encode('x'));
    assert.equal(yield* reading.read(new Uint8Array(4)), 1);
    yield* writing.writeAll(encode('y'));
    reading.close();
    writing.close();
    assert.equal(ends.a.closed, true);
  });

  both('is used by one task in each direction, and says what it waits for', function* () {
    using ends = yield* pair();
    const first = ends.a.read(new Uint8Array(1));
    const task = spawn(failure(first));
    yield* yieldNow();
    assert.equal((yield* failure(ends.a.read(new Uint8Array(1)))).code, 'BUSY');
    assert.equal((yield* failure(ends.a.readDescriptors(new Uint8Array(1)))).code, 'BUSY');
    assert.equal(what(first), 'read from an unnamed socket');
    ends.a.close();
    assert.equal((yield* task).code, 'CLOSED');
  });

  it('refuses names that are none', () => {
    for (const wrong of ['', 'a\0b', 'n'.repeat(108), 3, null, {}, { abstract: '' }, { abstract: 'n'.repeat(108) }]) {
      assert.throws(() => UnixStream.connect(wrong as never), { code: 'BAD_ADDRESS' });
      assert.throws(() => UnixListener.bind(wrong as never), { code: 'BAD_ADDRESS' });
      assert.throws(() => UnixDatagram.bind(wrong as never), { code: 'BAD_ADDRESS' });
    }
    assert.throws(() => UnixListener.bind(fresh(), { backlog: -1 }), { code: 'BAD_ARGUMENT' });
    blockOn(function* () {
      const longest = { abstract: 'n'.repeat(107) };
      using listener = yield* UnixListener.bind(longest);
      assert.deepEqual(listener.localAddress, { kind: 'abstract', name: longest.abstract });
      using client = yield* UnixStream.connect(longest);
      assert.equal(client.remoteAddress.name, longest.abstract);
    });
  });

  both('removes its own path only, not what somebody else has put there', function* (at) {
    const path = `${at}/socket`;
    for (const bind of [(): Future<Disposable> => UnixListener.bind(path), () => UnixDatagram.bind(path)]) {
      const old = yield* bind();
      unlinkSync(path);
      using _successor = yield* bind();
      old[Symbol.dispose]();
      assert.ok(statSync(path).isSocket());
    }
    assert.deepEqual(names(at), []);
  });

  it('refuses an option that it does not know', () => {
    for (const options of [{ backlogg: 1 }, null, 5])
      assert.throws(() => UnixListener.bind(fresh(), options as object), {
        code: 'BAD_ARGUMENT',
        message: /^UnixListener\.bind /,
      });
  });

  it('says in a dump that a queue is full, and whose', async () => {
    await run(function* () {
      const name = fresh() as { abstract: string };
      using _listener = yield* UnixListener.bind(name, { backlog: 0 });
      using receiver = yield* UnixDatagram.bind(fresh());
      using sender = yield* UnixDatagram.bind();
      const to = { abstract: receiver.localAddress.name };
      const streams: UnixStream[] = [];
      const tasks = [
        spawn(function* () {
          for (;;) streams.push(yield* UnixStream.connect(name));
        }),
        spawn(function* () {
          for (;;) yield* sender.sendTo(encode('x'), to);
        }),
      ];
      const lines = [
        `waits for connect to @${name.abstract}: its queue is full`,
        `waits for send to @${to.abstract}: its queue is full`,
        `open: connection to @${name.abstract}`,
      ];
      yield* timeout(
        5000,
        waitUntil(() => lines.every((line) => dumpAll().includes(line))),
      );
      for (const task of tasks) task.abort();
      for (const stream of streams) stream.close();
    });
  });

  it('says which socket has been closed: abstract names behind an @, none where there is none', () => {
    blockOn(function* () {
      const listener = yield* UnixListener.bind(fresh());
      listener.close();
      const { message } = yield* failure(listener.accept());
      assert.equal(message, `the listener at @${listener.localAddress.name} has been closed`);
      const datagram = yield* UnixDatagram.bind();
      datagram.close();
      const error = yield* failure(datagram.recvFrom(new Uint8Array(1)));
      assert.equal(error.message, 'the Unix datagram socket without a name has been closed');
    });
  });

  it('leaves no descriptor and no path, wherever it is cancelled', async () => {
    const at = folder();
    await cancelEverywhere(
      function* (watch) {
        using listener = yield* UnixListener.bind(`${at}/socket`);
        const serve = coroutine(function* () {
          using stream = yield* listener.accept();
          const target = new Uint8Array(8);
          for (;;) {
            const count = yield* stream.read(target);
            if (count === 0) return;
            yield* stream.writeAll(target.subarray(0, count));
          }
        });
        const ask = coroutine(function* () {
          using stream = yield* UnixStream.connect(`${at}/socket`);
          yield* stream.writeAll(encode('x'));
          yield* stream.read(new Uint8Array(1));
        });
        yield* join([watch(serve()), watch(ask())]);
      },
      { afterEach: () => assert.deepEqual(names(at), []) },
    );
  });
});

describe('a descriptor that is passed', () => {
  both('is one of the same open file, and closed on exec', function* (at) {
    using ends = yield* pair();
    const { a, b } = ends;
    const fd = openSync(`${at}/file`, 'w');
    assert.equal(yield* a.writeDescriptors(encode('here'), [fd, fd]), 4);
    closeSync(fd);
    const target = new Uint8Array(10);
    const { length, descriptors: got } = yield* b.readDescriptors(target);
    assert.equal(decode(target.subarray(0, length)), 'here');
    assert.equal(got.length, 2);
    writeSync(got[0]!, 'a');
    writeSync(got[1]!, 'b');
    assert.equal(readFileSync(`${at}/file`, 'utf8'), 'ab');
    assert.match(readFileSync(`/proc/self/fdinfo/${got[0]}`, 'utf8'), /flags:\t0?2\d*/);
    for (const each of got) closeSync(each);
  });

  both('comes with the bytes that it was sent with, and none is left', function* () {
    using ends = yield* pair();
    const { a, b } = ends;
    const before = descriptors();
    const fd = openSync('/dev/null', 'r');
    yield* a.writeAll(encode('1'));
    yield* a.writeDescriptors(encode('2'), [fd]);
    yield* a.writeDescriptors(encode('3'), [fd, fd, fd]);
    yield* a.writeDescriptors(encode('4'), []);
    yield* a.writeDescriptors(encode('5'), [fd]);
    closeSync(fd);
    let text = '';
    const came: number[] = [];
    const target = new Uint8Array(10);
    while (text.length < 4) {
      const { length, descriptors: got } = yield* b.readDescriptors(target.subarray(0, 4 - text.length), 2);
      text += decode(target.subarray(0, length));
      if (got.length > 0) came.push(got.length);
      for (const each of got) {
        assert.ok(fstatSync(each).isCharacterDevice());
        closeSync(each);
      }
    }
    assert.equal(text, '1234');
    // Three were cut to two: the system has closed the other one.
    assert.deepEqual(came, [1, 2]);
    // And so it does with all of them for a read that has no eye for them.
    assert.equal(yield* b.read(target), 1);
    assert.equal(descriptors(), before);
  });

  both('is found although the read before it was short', function* () {
    // The kernel cuts a read where descriptors were sent: what it had read was all of that message, and there is more.
    using ends = yield* pair();
    const { a, b } = ends;
    const fd = openSync('/dev/null', 'r');
    for (let n = 0; n < 5; n++) yield* a.writeDescriptors(encode(String(n)), [fd]);
    closeSync(fd);
    const target = new Uint8Array(100);
    let text = '';
    while (text.length < 5) text += decode(target.subarray(0, yield* timeout(1000, b.read(target))));
    assert.equal(text, '01234');
  });

  both('must be one', function* () {
    using ends = yield* pair();
    const { a, b } = ends;
    const refused = (call: () => unknown): void => assert.throws(call, { code: 'BAD_ARGUMENT' });
    refused(() => a.writeDescriptors(new Uint8Array(0), [1]));
    refused(() => a.writeDescriptors(encode('x'), [-1]));
    refused(() => a.writeDescriptors(encode('x'), ['1' as never]));
    refused(() =>
      a.writeDescriptors(
        encode('x'),
        Array.from({ length: 254 }, () => 1),
      ),
    );
    refused(() => b.readDescriptors(new Uint8Array(0)));
    refused(() => b.readDescriptors(new Uint8Array(1), 254));
    const error = yield* failure(a.writeDescriptors(encode('x'), [1_000_000]));
    assert.deepEqual([error.code, error.syscall], ['EBADF', 'write']);
    // Most that can be: the kernel's own limit.
    assert.equal(
      yield* a.writeDescriptors(
        encode('x'),
        Array.from({ length: 253 }, () => 1),
      ),
      1,
    );
    const { descriptors: got } = yield* b.readDescriptors(new Uint8Array(1));
    assert.equal(got.length, 253);
    for (const each of got) closeSync(each);
  });

  both('is told of when there was no room for it, and closed', function* () {
    using ends = yield* pair();
    const { a, b } = ends;
    const before = descriptors();
    const told: boolean[] = [];
    for (const most of [2, 1, 0]) {
      yield* a.writeDescriptors(encode('x'), [1, 2]);
      const { descriptors: got, truncated } = yield* b.readDescriptors(new Uint8Array(1), most);
      assert.equal(got.length, most);
      told.push(truncated);
      for (const each of got) closeSync(each);
    }
    assert.deepEqual(told, [false, true, true]);
    assert.equal(descriptors(), before);
  });

  it('stays for the next read when one is cancelled', async () => {
    await run(function* () {
      using ends = yield* pair();
      const { a, b } = ends;
      const before = descriptors();
      for (let n = 0; n < 5; n++) {
        yield* race<unknown>([b.readDescriptors(new Uint8Array(1)), yieldNow()]);
        yield* a.writeDescriptors(encode('x'), [1]);
        const { descriptors: got } = yield* b.readDescriptors(new Uint8Array(1));
        assert.equal(got.length, 1);
        closeSync(got[0]!);
      }
      assert.equal(descriptors(), before);
    });
  });
});

describe('a Unix datagram', () => {
  both('arrives whole, in order, with its sender', function* (at) {
    using one = yield* UnixDatagram.bind(`${at}/one`);
    using two = yield* UnixDatagram.bind(fresh());
    const target = new Uint8Array(4);
    yield* two.sendTo(encode('hello'), `${at}/one`);
    yield* two.sendTo(encode(''), `${at}/one`);
    const { length, size, from } = yield* one.recvFrom(target);
    assert.deepEqual([length, size, decode(target), from], [4, 5, 'hell', two.localAddress]);
    assert.equal((yield* one.recvFrom(target)).size, 0);
    one.connect({ abstract: from.name });
    assert.deepEqual(one.remoteAddress, from);
    yield* one.send(encode('back'));
    assert.deepEqual((yield* two.recvFrom(target)).from, { kind: 'path', name: `${at}/one` });
    one.close();
    assert.deepEqual(names(at), []);
  });

  it('waits for a receiver whose queue is full, connected or not', async () => {
    await run(function* () {
      const name = fresh();
      using receiver = yield* UnixDatagram.bind(name);
      for (const connected of [true, false]) {
        using sender = yield* UnixDatagram.bind();
        if (connected) sender.connect(name);
        const send = coroutine(function* () {
          for (let n = 0; n < 300; n++) {
            const data = Uint8Array.of(n % 256);
            yield* connected ? sender.send(data) : sender.sendTo(data, name);
          }
        });
        const receive = coroutine(function* () {
          yield* sleep(5);
          const target = new Uint8Array(1);
          for (let n = 0; n < 300; n++) {
            yield* receiver.recvFrom(target);
            assert.equal(target[0], n % 256);
          }
        });
        yield* join([send(), receive()]);
      }
    });
  });

  both('that cannot be sent says why', function* (at) {
    using socket = yield* UnixDatagram.bind();
    assert.equal((yield* failure(socket.send(encode('x')))).code, 'ENOTCONN');
    const error = yield* failure(socket.sendTo(encode('x'), `${at}/none`));
    assert.deepEqual([error.code, error.syscall, error.path], ['ENOENT', 'send', `${at}/none`]);
    using other = yield* UnixDatagram.bind(`${at}/other`);
    assert.equal((yield* failure(socket.sendTo(new Uint8Array(70_000), `${at}/other`))).code, 'EMSGSIZE');
    socket.connect(`${at}/other`);
    other.close();
    assert.equal((yield* failure(socket.send(encode('x')))).code, 'ECONNREFUSED');
    assert.throws(() => socket.connect(`${at}/other`), { code: 'ENOENT', path: `${at}/other` });
    using listener = yield* UnixListener.bind(`${at}/stream`);
    assert.throws(() => socket.connect(`${at}/stream`), { code: 'EPROTOTYPE' });
    assert.equal(listener.closed, false);
    assert.equal((yield* failure(UnixDatagram.bind(`${at}/stream`))).code, 'EADDRINUSE');
    const waiting = socket.recvFrom(new Uint8Array(1));
    const task = spawn(failure(waiting));
    yield* yieldNow();
    assert.equal((yield* failure(socket.recvFrom(new Uint8Array(1)))).code, 'BUSY');
    assert.match(what(waiting), /^receive on an unnamed socket$/);
    socket.close();
    assert.equal((yield* task).code, 'CLOSED');
    assert.equal((yield* failure(socket.send(encode('x')))).code, 'CLOSED');
    assert.throws(() => socket.connect(`${at}/stream`), { code: 'CLOSED' });
  });

  it('leaves nothing, wherever it is cancelled', async () => {
    const at = folder();
    await cancelEverywhere(
      function* (watch) {
        using receiver = yield* UnixDatagram.bind(`${at}/socket`);
        const receive = coroutine(function* () {
          for (let n = 0; n < 20; n++) yield* receiver.recvFrom(new Uint8Array(1));
        });
        const send = coroutine(function* () {
          using sender = yield* UnixDatagram.bind();
          for (let n = 0; n < 20; n++) yield* sender.sendTo(encode('x'), `${at}/socket`);
        });
        yield* join([watch(send()), watch(receive())]);
      },
      { afterEach: () => assert.deepEqual(names(at), []) },
    );
  });
});
