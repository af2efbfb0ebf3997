/** Servers for tests of the client that nobody here wrote (node:http), or that say exactly what a test wants (raw sockets). */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections that have come. */
  readonly connections: number;
  /** Those that are open now. */
  readonly sockets: ReadonlySet<Socket>;
}

class Listening implements TestServer {
  connections = 0;
  readonly sockets = new Set<Socket>();
  readonly port: number;
  private readonly server: Server;
  private readonly scheme: string;

  constructor(server: Server, scheme: string) {
    this.scheme = scheme;
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** Of a server that listens. */
export function listening(server: Server, scheme: string): TestServer {
  return new Listening(server, scheme);
}

async function listen(server: Server): Promise<TestServer> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return listening(server, 'http');
}

/** A server of node:http. */
export function nodeServer(listener: RequestListener): Promise<TestServer> {
  return listen(createHttpServer(listener));
}

/** Of one connection: what it says, by hand. */
export class Line {
  readonly socket: Socket;
  /** Which connection it is, from 1. */
  readonly number: number;
  private text = '';
  private ended = false;
  private wake: () => void = () => {};

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.number = number;
    socket.setEncoding('latin1');
    socket.on('data', (data: string) => {
      this.text += data;
      this.wake();
    });
    const over = (): void => {
      this.ended = true;
      this.wake();
    };
    socket.on('end', over);
    socket.on('close', over);
    socket.on('error', over);
  }

  /** Waits until what has come matches, takes that away, and gives it; null when the client has ended before. */
  async until(pattern: RegExp): Promise<string | null> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) {
        const end = match.index + match[0].length;
        const taken = this.text.slice(0, end);
        this.text = this.text.slice(end);
        return taken;
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** A request's head. */
  head(): Promise<string | null> {
    return this.until(/\r\n\r\n/);
  }

  say(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Waits until the client has ended. */
  async gone(): Promise<void> {
    await this.until(/(?!)/);
  }
}

/** A server of raw sockets: `talk` is called for each connection, and the connection stays open when it is done. */
export function rawServer(talk: (line: Line) => Promise<unknown>): Promise<TestServer> {
  let count = 0;
  return listen(
    createServer({ allowHalfOpen: true }, (socket) => {
      void talk(new Line(socket, ++count));
    }),
  );
}

/** Answers each head with the same text, on all connections. */
export function answering(text: string): Promise<TestServer> {
  return rawServer(async (line) => {
    while ((await line.head()) !== null) line.say(text);
    line.socket.end();
  });
}

/** `HTTP/1.1 200 OK` with content of known length. */
export function ok(content: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(content)}\r\n${fields}\r\n${content}`;
}

/** Waits for a condition that something else brings about. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
