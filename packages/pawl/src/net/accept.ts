/**
 * Accept: the next connection of a listener, as a leaf future.
 *
 * What must hold: when descriptors or memory run out, the connection stays in the kernel's queue and the listener tries again after a
 * pause that doubles from 10 ms to 1 s: it never spins and never gives up. The pause belongs to the listener, so that cancelling an accept
 * and calling it again does not shorten it.
 */
import { driverOf, type TcpListenerHandle, type TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { sleep } from '../time/sleep.ts';
import { formatAddress } from './address.ts';
import type { StreamOptions } from './options.ts';
import { TcpStream } from './stream.ts';

/** Why a listener pauses, and for how long. */
export interface Backoff {
  /** EMFILE, ENFILE, ENOBUFS or ENOMEM. */
  readonly error: PawlError;
  /** Milliseconds until it tries again. */
  readonly delay: number;
  /** 1 for the first pause since the last connection that was accepted. */
  readonly attempt: number;
}

const FIRST_DELAY = 10;
const LONGEST_DELAY = 1000;

const EXHAUSTED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** What the accepts of a listener share. */
export interface Accepting {
  readonly handle: TcpListenerHandle;
  readonly streamOptions: StreamOptions | undefined;
  readonly onBackoff: (backoff: Backoff) => void;
  /** The pending accept. */
  acceptor: Accept | null;
  /** Pauses since the last connection. */
  pauses: number;
  /** On the driver's clock: no attempt before. */
  notBefore: number;
}

export class Accept extends Future<TcpStream> {
  private readonly listener: Accepting;
  private pause: Future<void> | null = null;
  /** Who waits in the pause: the handle knows only who waits for a connection. */
  private waker: Waker | null = null;
  private done = false;

  constructor(listener: Accepting) {
    super();
    this.listener = listener;
  }

  override poll(cx: Context): Poll<TcpStream> {
    if (this.done) throw alreadyCompleted('an accept');
    const { listener } = this;
    if (listener.acceptor !== null && listener.acceptor !== this) {
      this.done = true;
      throw new PawlError('BUSY', 'another task accepts from this listener: one at a time may');
    }
    let handle: Poll<TcpStreamHandle>;
    try {
      handle = this.step(cx);
    } catch (error) {
      this.end();
      throw error;
    }
    if (handle === PENDING) {
      listener.acceptor = this;
      return PENDING;
    }
    this.end();
    return new TcpStream(handle, listener.streamOptions);
  }

  private step(cx: Context): Poll<TcpStreamHandle> {
    const { listener } = this;
    if (!spend(cx)) return PENDING;
    for (;;) {
      if (listener.pauses > 0 && this.paused(cx)) return PENDING;
      try {
        const handle = listener.handle.pollAccept(cx);
        if (handle !== PENDING) listener.pauses = 0;
        return handle;
      } catch (error) {
        if (!(error instanceof PawlError) || !EXHAUSTED.has(error.code)) throw error;
        this.backOff(cx, error);
      }
    }
  }

  /** True while the listener's pause lasts. */
  private paused(cx: Context): boolean {
    const { listener } = this;
    if (listener.handle.closed) {
      // The poll of the handle says so.
      this.pause?.cancel(cx);
      this.pause = null;
      return false;
    }
    if (this.pause === null) {
      const left = listener.notBefore - driverOf(cx).now();
      if (left <= 0) return false;
      this.pause = sleep(left);
    }
    this.waker = cx.waker;
    if (this.pause.poll(cx) === PENDING) return true;
    this.pause = null;
    return false;
  }

  /** The listener has been closed. */
  interrupt(): void {
    if (this.pause !== null) this.waker?.wake();
  }

  private backOff(cx: Context, error: PawlError): void {
    const { listener } = this;
    const delay = Math.min(FIRST_DELAY * 2 ** listener.pauses, LONGEST_DELAY);
    listener.pauses++;
    listener.notBefore = driverOf(cx).now() + delay;
    listener.onBackoff({ error, delay, attempt: listener.pauses });
  }

  private end(): void {
    this.listener.acceptor = null;
    this.done = true;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const { handle, pauses } = this.listener;
    const why = pauses === 0 ? '' : `, pause ${pauses}`;
    return { what: `accept on ${formatAddress(handle.local)}${why}`, resource: handle };
  }

  override cancel(cx: Context): Poll<void> {
    this.pause?.cancel(cx);
    this.pause = null;
    if (this.listener.acceptor === this) {
      this.listener.handle.forget();
      this.end();
    }
    this.done = true;
    return undefined;
  }
}
