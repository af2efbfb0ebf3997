/** Event targets that Node has: ports, broadcast channels, signals, web sockets. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { getEventListeners, once as nodeOnce } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { BroadcastChannel, MessageChannel } from 'node:worker_threads';
import { yieldNow } from '../future/ready.ts';
import { END, type Stream } from '../stream/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import type { JoinHandle } from '../task/join-handle.ts';
import { on, once } from './events.ts';

/** It takes no origin, as a window's does. */
function post(channel: BroadcastChannel, message: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  channel.postMessage(message);
}

function data(event: Event): unknown {
  return (event as MessageEvent).data;
}

test("a port's messages are what it was sent, as an emitter gives them, in both directions until it is closed", async () => {
  const { port1, port2 } = new MessageChannel();
  const seen = await run(function* () {
    // By its type, too: it is both, and counts as an emitter.
    const echo: Stream<[number]> = on<[number]>(port2, 'message', { end: ['close'] });
    const echoing = spawn(echo.forEach(([n]) => port2.postMessage(n * 10, [])));
    const answers = on<[number]>(port1, 'message').map(([n]) => n);
    const all: unknown[] = [];
    for (const n of [1, 2, 3]) {
      port1.postMessage(n, []);
      all.push(yield* answers.next());
    }
    yield* answers.close();
    port1.close();
    yield* echoing;
    return all;
  });
  assert.deepEqual(seen, [10, 20, 30]);
  assert.deepEqual([port1.listenerCount('message'), port2.listenerCount('message')], [0, 0]);
});

test('a broadcast channel is an EventTarget: its events carry the messages', async () => {
  const sender = new BroadcastChannel('pawl-test');
  const receiver = new BroadcastChannel('pawl-test');
  try {
    const seen = await run(function* () {
      const messages = spawn(
        on(receiver as EventTarget, 'message')
          .map(data)
          .take(3)
          .toArray(),
      );
      yield* yieldNow();
      for (const word of ['one', 'two', 'three']) post(sender, word);
      return yield* messages;
    });
    assert.deepEqual(seen, ['one', 'two', 'three']);
    assert.equal(getEventListeners(receiver as EventTarget, 'message').length, 0);
  } finally {
    sender.close();
    receiver.close();
  }
});

test('the abort event of a signal is an event like others', async () => {
  const controller = new AbortController();
  const seen = await run(function* () {
    const event: JoinHandle<Event> = spawn(once(controller.signal, 'abort'));
    yield* yieldNow();
    controller.abort();
    return (yield* event).type;
  });
  assert.equal(seen, 'abort');
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});

test("a web socket's messages are a stream that ends when the socket does", async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await nodeOnce(server, 'listening');
  server.on('upgrade', (request, socket: Duplex) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${acceptKey(request.headers['sec-websocket-key'] ?? '')}\r\n\r\n`,
    );
    for (const word of ['one', 'two']) socket.write(frame(0x1, Buffer.from(word)));
    // 1000: a normal closure.
    socket.end(frame(0x8, Buffer.from([0x03, 0xe8])));
  });
  try {
    const seen = await run(function* () {
      const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const messages = on(socket, 'message', { end: ['close', 'error'] }).map(data);
      const all: unknown[] = [];
      for (let word = yield* messages.next(); word !== END; word = yield* messages.next()) all.push(word);
      assert.equal(getEventListeners(socket, 'message').length, 0);
      return all;
    });
    assert.deepEqual(seen, ['one', 'two']);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** RFC 6455, 4.2.2: the proof that the handshake was understood. */
function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** RFC 6455, 5.2: a final frame of the server's, not masked, of less than 126 bytes. */
function frame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
}
