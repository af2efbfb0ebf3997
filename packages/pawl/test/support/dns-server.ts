/**
 * A name server of a test's own, on our sockets, so that it works over the kernel's network as over a simulated one: it says whatever the test
 * wants it to say.
 *
 * What must hold: it is a task of the scope that has started it, and ends with that.
 */
import { coroutine, type Future, PawlError, spawn, type JoinHandle } from 'pawl';
import { TcpListener, UdpSocket } from 'pawl/net';
import { readExact } from 'pawl/io';
import { decodeMessage, type Message } from '../../src/net/dns/message.ts';
import { typeName } from '../../src/net/dns/record.ts';

/** A query as the server sees it. */
export interface Asked {
  readonly id: number;
  readonly name: string;
  /** `A`, … */
  readonly type: string;
  readonly over: 'udp' | 'tcp';
  /** The port that it came from. */
  readonly port: number;
  /** Bytes that an answer may have; 0 when it does not say. */
  readonly udpSize: number;
}

/** Messages to send back, in order; none is silence. */
export type Answering = (asked: Asked) => readonly Uint8Array[];

export interface DnsServer extends Disposable {
  /** Where it is asked. */
  readonly address: { readonly host: string; readonly port: number };
  /** Queries that came, in order. */
  readonly asked: Asked[];
  answer: Answering;
}

/** Starts a server in the scope of the caller's task. Closed by `using`. */
export const dnsServer: (answer: Answering, host?: string, port?: number) => Future<DnsServer> = coroutine(function* (
  answer: Answering,
  host = '127.0.0.1',
  port = 0,
) {
  const listener = yield* TcpListener.bind({ host, port });
  const address = { host, port: listener.localAddress.port };
  let socket: UdpSocket;
  try {
    socket = yield* UdpSocket.bind(address);
  } catch (error) {
    listener.close();
    throw error;
  }
  const asked: Asked[] = [];
  const tasks: JoinHandle<unknown>[] = [];
  const server: DnsServer = {
    address,
    asked,
    answer,
    [Symbol.dispose]() {
      for (const task of tasks) task.abort();
      socket.close();
      listener.close();
    },
  };
  tasks.push(spawn(overUdp(server, socket)), spawn(overTcp(server, listener)));
  return server;
});

const overUdp = coroutine(function* (server: DnsServer, socket: UdpSocket) {
  const buffer = new Uint8Array(2048);
  for (;;) {
    const { length, from } = yield* socket.recvFrom(buffer);
    const asked = read(decodeMessage(buffer.subarray(0, length)), 'udp', from.port);
    server.asked.push(asked);
    for (const message of server.answer(asked)) yield* socket.sendTo(message, from);
  }
});

const overTcp = coroutine(function* (server: DnsServer, listener: TcpListener) {
  for (;;) {
    using stream = yield* listener.accept();
    try {
      const head = new Uint8Array(2);
      yield* readExact(stream, head);
      const bytes = new Uint8Array((head[0]! << 8) | head[1]!);
      yield* readExact(stream, bytes);
      const asked = read(decodeMessage(bytes), 'tcp', stream.remoteAddress.port);
      server.asked.push(asked);
      for (const message of server.answer(asked))
        yield* stream.writeAll(Uint8Array.from([message.length >> 8, message.length & 0xff, ...message]));
    } catch (error) {
      // A client that was cancelled has gone.
      if (!(error instanceof PawlError && ['UNEXPECTED_EOF', 'ECONNRESET', 'EPIPE'].includes(error.code))) throw error;
    }
  }
});

function read({ id, questions, additionals }: Message, over: 'udp' | 'tcp', port: number): Asked {
  const { name, type } = questions[0]!;
  return { id, name, type: typeName(type), over, port, udpSize: additionals[0]?.class ?? 0 };
}
