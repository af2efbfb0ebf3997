/** A client over Node's own sockets that says what a test wants, byte by byte, and reads until something has come. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class RawClient implements Disposable {
  readonly socket: Socket;
  /** What has come and was not taken. */
  received = '';
  /** The server has ended its side. */
  ended = false;
  /** Why the connection broke, if it did. */
  error: NodeJS.ErrnoException | null = null;
  private readonly change = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    const changed = (): void => {
      for (const notify of this.change) notify();
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      changed();
    });
    socket.on('end', () => {
      this.ended = true;
      changed();
    });
    socket.on('error', (error) => {
      this.error = error;
      changed();
    });
    socket.on('close', () => {
      this.ended = true;
      changed();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until it holds; never by the clock. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.ended) throw new Error(`the connection ended with ${JSON.stringify(this.received.slice(-200))}`);
      await this.changed();
    }
  }

  /** Takes everything up to this text, which has to come. */
  async take(end: string): Promise<string> {
    await this.until(() => this.received.includes(end));
    const at = this.received.indexOf(end) + end.length;
    const text = this.received.slice(0, at);
    this.received = this.received.slice(at);
    return text;
  }

  /** Takes an answer that has a length. */
  async answer(): Promise<{ readonly status: number; readonly head: string; readonly content: string }> {
    const head = await this.take('\r\n\r\n');
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    await this.until(() => this.received.length >= length);
    const content = this.received.slice(0, length);
    this.received = this.received.slice(length);
    return { status: Number(head.slice(9, 12)), head, content };
  }

  /** Everything until the server has ended. */
  async rest(): Promise<string> {
    while (!this.ended) await this.changed();
    const text = this.received;
    this.received = '';
    return text;
  }

  private async changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.change.add(resolve);
    await promise;
    this.change.delete(resolve);
  }

  fin(): this {
    this.socket.end();
    return this;
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
