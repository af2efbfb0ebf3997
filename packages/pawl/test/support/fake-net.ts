/**
 * A network without a kernel: a manual driver whose listener gives connections that a test feeds, reads and breaks by hand.
 *
 * What must hold: a connection keeps the contract of the driver's: one waker a direction, one that is replaced is woken, and what is closed
 * wakes whoever waits. Time is the driver's: `sleep(1)` in a test lets everything run that can.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Context, Poll, Waker } from 'pawl';
import { PawlError, PENDING } from 'pawl';
import type {
  Direction,
  NetDriver,
  SocketAddress,
  TcpListenerHandle,
  TcpStreamHandle,
} from '../../src/driver/driver.ts';
import { ManualDriver } from './manual-driver.ts';

const LOCAL = { host: '127.0.0.1', port: 80, family: 4 } as const;

/** A server's end of a connection, with the client's hands on it. */
export class FakeConnection implements TcpStreamHandle {
  readonly local: SocketAddress = LOCAL;
  readonly peer: SocketAddress;
  closed = false;
  /** The server has ended its side. */
  ended = false;
  /** The client gets a reset instead of an end: it was asked for, or there was something that nobody had read. */
  aborted = false;
  /** What the server has written, and in how many calls. */
  received = '';
  writes = 0;
  /** Bytes that the client takes before its window is full. */
  window = Infinity;
  polls = 0;
  /** The client is gone, and so far nothing but a look at it tells. */
  gone = false;
  /** The client is gone, and so far nothing but a write tells. */
  deaf = false;
  private incoming: Buffer[] = [];
  private finished = false;
  private broken = false;
  private reader: Waker | null = null;
  private writer: Waker | null = null;

  constructor(port: number) {
    this.peer = { host: '127.0.0.1', port, family: 4 };
  }

  // ---- the client's hands

  send(bytes: string | Uint8Array): this {
    this.incoming.push(Buffer.from(bytes as string, 'latin1'));
    this.wake('read');
    return this;
  }

  /** Ends the client's side: a half-close. */
  fin(): this {
    this.finished = true;
    this.wake('read');
    if (this.ended) this.wake('write');
    return this;
  }

  reset(): this {
    this.broken = true;
    this.wake('read');
    this.wake('write');
    return this;
  }

  /** Takes so many bytes more. */
  take(bytes: number): this {
    this.window += bytes;
    this.wake('write');
    return this;
  }

  /** What has come since the last call. */
  read(): string {
    const { received } = this;
    this.received = '';
    return received;
  }

  /** Bytes that the server has not read. */
  get unread(): number {
    return this.incoming.reduce((sum, { length }) => sum + length, 0);
  }

  /** Wakers that are stored. */
  get waiting(): number {
    return Number(this.reader !== null) + Number(this.writer !== null);
  }

  private wake(direction: Direction): void {
    const waker = direction === 'read' ? this.reader : this.writer;
    this.forget(direction);
    waker?.wake();
  }

  // ---- the server's

  pollConnect(): undefined {
    return undefined;
  }

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.check();
    if (this.broken) throw new PawlError('ECONNRESET', 'read ECONNRESET');
    const [first] = this.incoming;
    if (first === undefined) return this.finished ? 0 : this.wait('read', cx);
    const count = first.copy(target);
    if (count === first.length) this.incoming.shift();
    else this.incoming[0] = first.subarray(count);
    return count;
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    this.check();
    if (this.broken || this.deaf) throw new PawlError('EPIPE', 'write EPIPE');
    if (this.ended) throw new PawlError('EPIPE', 'written after the end');
    const count = Math.min(this.window, source.length);
    if (count === 0 && source.length > 0) return this.wait('write', cx);
    this.window -= count;
    this.writes++;
    this.received += Buffer.from(source.subarray(0, count)).toString('latin1');
    return count;
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    return this.pollWrite(cx, Buffer.concat(sources));
  }

  pollHangup(cx: Context, half = false): Poll<void> {
    this.check();
    if (this.broken || this.gone || (this.finished && (half || this.ended))) return undefined;
    return this.wait('read', cx);
  }

  private check(): void {
    if (this.closed) throw new PawlError('CLOSED', 'the connection has been closed');
    assert.ok(++this.polls < 100_000, 'polled without end');
  }

  private wait(direction: Direction, { waker }: Context): typeof PENDING {
    const old = direction === 'read' ? this.reader : this.writer;
    if (direction === 'read') this.reader = waker;
    else this.writer = waker;
    if (old !== null && old !== waker) old.wake();
    return PENDING;
  }

  unrefRead(): void {}

  forget(direction: Direction): void {
    if (direction === 'read') this.reader = null;
    else this.writer = null;
  }

  shutdown(how: Direction | 'both'): void {
    this.check();
    if (how !== 'read') this.ended = true;
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  setLinger(): void {}

  abort(): void {
    if (this.closed) return;
    this.close();
    this.aborted = true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ended = true;
    this.aborted = this.incoming.length > 0;
    this.wake('read');
    this.wake('write');
  }
}

class FakeListener implements TcpListenerHandle {
  readonly local: SocketAddress = LOCAL;
  closed = false;
  /** In the system's queue. */
  readonly queue: FakeConnection[] = [];
  private waker: Waker | null = null;

  offer(connection: FakeConnection): void {
    this.queue.push(connection);
    this.waker?.wake();
  }

  pollAccept(cx: Context): Poll<TcpStreamHandle> {
    if (this.closed) throw new PawlError('CLOSED', 'closed');
    const connection = this.queue.shift();
    if (connection !== undefined) return connection;
    this.waker = cx.waker;
    return PENDING;
  }

  forget(): void {
    this.waker = null;
  }

  close(): void {
    this.closed = true;
    this.waker?.wake();
    this.waker = null;
  }
}

export class FakeNet extends ManualDriver {
  readonly connections: FakeConnection[] = [];
  readonly listener: FakeListener = new FakeListener();

  override get net(): NetDriver {
    return {
      tcpListen: () => this.listener,
      tcpConnect: () => assert.fail('nothing connects here'),
      udpBind: () => assert.fail('nothing is bound here'),
      resolve: () => ({ poll: () => [LOCAL], forget: () => {} }),
    };
  }

  /** A client connects. */
  connect(): FakeConnection {
    const connection = new FakeConnection(1000 + this.connections.length);
    this.connections.push(connection);
    this.listener.offer(connection);
    return connection;
  }

  /** Nothing of the server's may be left. */
  checkClean(): void {
    assert.ok(this.listener.closed, 'the listener is open');
    assert.equal(this.timerCount, 0, 'a timer is left');
    assert.equal(this.attached.size, 0, 'a task is left');
    for (const [at, connection] of this.connections.entries()) {
      if (this.listener.queue.includes(connection)) continue;
      assert.ok(connection.closed, `connection ${at} is open`);
      assert.equal(connection.waiting, 0, `a waker of connection ${at} is left`);
    }
  }
}
