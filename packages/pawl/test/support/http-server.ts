/**
 * A server of Node's on the loopback interface, for tests of HTTP clients: by the path it answers, never answers, streams without
 * end, stalls or breaks off, and it tells what it sees of its clients.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bytes of one part of a body. */
export const CHUNK = 16_384;
/** How many requests of `/together` are answered at once, and not before. */
export const TOGETHER = 6;

/** Emits `arrived` with the path of each request, and `gone` with that of each whose connection was closed before its answer was complete. */
export class HttpServer extends EventEmitter implements AsyncDisposable {
  readonly origin: string;
  /** Requests that are being answered. */
  active = 0;
  /** The most that ever were at once. */
  most = 0;
  private waiting: (() => void)[] = [];
  private readonly server: Server;

  private constructor(server: Server) {
    super();
    this.server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', ({ url = '' }, response) => {
      this.most = Math.max(this.most, ++this.active);
      response.on('close', () => {
        this.active--;
        if (!response.writableFinished) this.emit('gone', url);
      });
      this.answer(url, response);
      this.emit('arrived', url);
    });
  }

  static async listen(): Promise<HttpServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpServer(server);
  }

  private answer(url: string, response: ServerResponse): void {
    switch (url.replace(/\?.*/, '')) {
      case '/together':
        if (this.waiting.push(() => response.end(`answer to ${url}`)) === TOGETHER)
          for (const go of this.waiting.splice(0)) go();
        return;
      case '/endless':
        response.on('drain', () => pour(response));
        return pour(response);
      case '/stalls':
        response.write(Buffer.alloc(CHUNK));
        return;
      case '/breaks':
        response.setHeader('content-length', 2 * CHUNK);
        response.write(Buffer.alloc(CHUNK), () => response.destroy());
        return;
      default: // never
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

/** As much as the other side takes. */
function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write(Buffer.alloc(CHUNK)));
}
