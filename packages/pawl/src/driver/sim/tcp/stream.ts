/**
 * SimTcpStream: a program's handle of a connection between simulated machines.
 *
 * What must hold: results and errors come in Linux's order: bytes that have come first, then the end, then the error, once (tcp_recvmsg);
 * for a write the error, once, then EPIPE (sk_stream_error). A read or write may be shorter than it could be, and what is ready may say
 * EAGAIN once: a kernel is free to.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import type { Direction, SocketAddress, TcpStreamHandle } from '../../driver.ts';
import type { SimDriver } from '../driver.ts';
import { SHORT_READ, SHORT_WRITE } from '../kinds.ts';
import { SimSource } from '../source.ts';
import { systemError } from '../system-error.ts';
import { GONE, OPEN, SYN_SENT, type TcpEndpoint } from './endpoint.ts';

/** The most that one call moves: the native driver's. */
const TRANSFER_SIZE = 65_536;

export class SimTcpStream extends SimSource implements TcpStreamHandle {
  readonly peer: SocketAddress;
  private readonly endpoint: TcpEndpoint;
  private asked: SocketAddress | null = null;
  private readEnded = false;
  private abortive = false;

  constructor(driver: SimDriver, endpoint: TcpEndpoint, call: 'socket' | 'accept') {
    super(driver, call);
    this.endpoint = endpoint;
    this.peer = endpoint.peer;
    endpoint.stream = this;
  }

  get what(): string {
    return `connection to ${this.peer.host}:${this.peer.port}`;
  }

  get local(): SocketAddress {
    this.asked ??= this.open().local;
    return this.asked;
  }

  pollConnect(cx: Context): Poll<void> {
    this.checkDriver(cx);
    const endpoint = this.open();
    if (endpoint.state === OPEN) return undefined;
    if (endpoint.state === SYN_SENT) {
      this.storeWriter(cx.waker);
      return PENDING;
    }
    const error = endpoint.takeError();
    // Connected, and reset since: the next read or write says so.
    if (error === null || endpoint.remote !== null) return undefined;
    this.close();
    throw systemError(error, 'connect', this.peer);
  }

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const endpoint = this.open();
    if (target.length === 0) return 0;
    const { receiver } = endpoint;
    const available = Math.min(target.length, receiver.ring.length, TRANSFER_SIZE);
    if (available > 0) {
      if (this.saysAgain(cx.waker, 'read')) return PENDING;
      return this.moved(receiver.read(target, this.shorter(available, SHORT_READ)));
    }
    if (receiver.ended) return 0;
    const error = endpoint.takeError();
    if (error !== null) throw systemError(error, 'read', this.peer);
    if (this.readEnded || endpoint.state === GONE) return 0;
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    this.open();
    const room = this.room(cx, source.length);
    if (room <= 0) return room === 0 ? 0 : PENDING;
    return this.send(room === source.length ? source : source.subarray(0, room));
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    this.checkDriver(cx);
    this.open();
    let length = 0;
    for (const source of sources) length += source.length;
    const room = this.room(cx, length);
    if (room <= 0) return room === 0 ? 0 : PENDING;
    const gathered = new Uint8Array(room);
    let at = 0;
    for (const source of sources) {
      if (at === room) break;
      const part = source.subarray(0, room - at);
      gathered.set(part, at);
      at += part.length;
    }
    return this.send(gathered);
  }

  pollHangup(cx: Context, half = false): Poll<void> {
    this.checkDriver(cx);
    this.open();
    if (this.readClosed && (half || this.writeClosed)) return undefined;
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(direction: Direction): void {
    this.take(direction);
  }

  shutdown(how: Direction | 'both'): void {
    const endpoint = this.open();
    if (how !== 'write') {
      this.readEnded = true;
      this.take('read')?.wake();
    }
    if (how !== 'read') {
      endpoint.shutdownWrite();
      this.take('write')?.wake();
      // EPOLLHUP: whoever waits for the end of both directions.
      if (this.readClosed) this.wake('read');
    }
  }

  /** Nothing is held back for small packets here, whatever this says. */
  setNoDelay(_on: boolean): void {
    this.open();
  }

  setKeepAlive(on: boolean, delay?: number, interval?: number, probes?: number): void {
    this.open().keepAlive.set(on, delay, interval, probes);
  }

  setLinger(seconds: number | undefined): void {
    this.open();
    this.abortive = seconds === 0;
  }

  abort(): void {
    this.abortive = true;
    this.close();
  }

  protected override release(): void {
    this.endpoint.close(this.abortive);
  }

  private get readClosed(): boolean {
    return this.readEnded || this.endpoint.receiver.ended || this.endpoint.state === GONE;
  }

  private get writeClosed(): boolean {
    return this.endpoint.sender.ending || this.endpoint.state === GONE;
  }

  private open(): TcpEndpoint {
    if (this.closed) throw new PawlError('CLOSED', `the ${this.what} has been closed`, about(this.peer));
    return this.endpoint;
  }

  /** How many of `length` bytes a write takes; -1 when it is to wait. */
  private room(cx: Context, length: number): number {
    if (length === 0) return 0;
    const { endpoint } = this;
    const error = endpoint.takeError();
    if (error !== null) throw systemError(error, 'write', this.peer);
    if (this.writeClosed) throw systemError('EPIPE', 'write', this.peer);
    const room = endpoint.state === OPEN ? Math.min(length, endpoint.sender.ring.room, TRANSFER_SIZE) : 0;
    if (room === 0) {
      this.storeWriter(cx.waker);
      return -1;
    }
    return this.saysAgain(cx.waker, 'write') ? -1 : this.shorter(room, SHORT_WRITE);
  }

  private send(bytes: Uint8Array): number {
    const { sender } = this.endpoint;
    this.driver.world.deed(`a write on the ${this.what}`, bytes);
    sender.ring.write(bytes);
    sender.push();
    return bytes.length;
  }

  /** Bytes were read: the peer may be waiting for room. */
  private moved(count: number): number {
    const { endpoint } = this;
    if (endpoint.state === OPEN && endpoint.receiver.opened) endpoint.acknowledge();
    return count;
  }

  private shorter(count: number, kind: typeof SHORT_READ | typeof SHORT_WRITE): number {
    const { world } = this.driver;
    const { shortRead, shortWrite } = world.freedoms;
    const short = world.pick(count, kind === SHORT_READ ? shortRead : shortWrite, kind);
    return short === 0 ? count : short;
  }
}

/** The context of an error: whom it was about. */
export function about(address: SocketAddress): { address: string; port: number } {
  return { address: address.host, port: address.port };
}
