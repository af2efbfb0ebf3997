/**
 * Outbox: ciphertext on its way to the transport.
 *
 * What must hold: ciphertext is sent in the order in which it was made, all of it, also while nobody polls: what the transport does not take
 * at once is sent when it can, by the wake-up itself. So bytes that a write has taken need no further write to get out. It is bounded
 * by whoever fills it: nothing is encrypted while some of it waits.
 */
import type { RuntimeRef, Waker } from '../../future/context.ts';
import { PENDING } from '../../future/poll.ts';
import type { TlsSession } from '../../driver/tls.ts';
import type { Transport } from '../transport.ts';
import { Detached } from './detached.ts';

/** Ciphertext between session and transport; of this thread, for the length of a call. */
const scratch = new Uint8Array(64 * 1024);

export class Outbox implements Waker {
  /** Called when the last byte has gone, or none can go any more; once. */
  onEmpty: (() => void) | null = null;
  private readonly transport: Transport;
  private readonly session: TlsSession;
  private readonly cx: Detached;
  private rest: Uint8Array | null = null;
  private failed = false;
  private error: unknown = null;
  private writer: Waker | null = null;
  private reader: Waker | null = null;

  constructor(transport: Transport, session: TlsSession, runtime: RuntimeRef) {
    this.transport = transport;
    this.session = session;
    this.cx = new Detached(this, runtime);
  }

  /** Of the last poll: whose driver polls the transport. */
  set runtime(runtime: RuntimeRef) {
    this.cx.runtime = runtime;
  }

  get runtime(): RuntimeRef {
    return this.cx.runtime;
  }

  get empty(): boolean {
    return this.rest === null;
  }

  /** What the transport has failed with, or null. */
  get failure(): unknown {
    return this.failed ? this.error : null;
  }

  /** Sends what the session has made. Throws what the transport fails with. */
  send(): void {
    for (;;) {
      const count = this.session.take(scratch);
      if (count === 0) break;
      if (this.failed) continue;
      let sent = 0;
      if (this.rest === null) sent = this.offer(scratch.subarray(0, count));
      if (sent < count) this.keep(scratch.subarray(sent, count));
      // That was all there is.
      if (count < scratch.length) break;
    }
    if (this.failed) throw this.error;
  }

  /** True when all has gone; false when the waker will be woken then. Throws, to a writer, what the transport has failed with. */
  flushed(direction: 'read' | 'write', waker: Waker): boolean {
    if (this.failed && direction === 'write') throw this.error;
    if (this.rest === null) return true;
    const old = direction === 'read' ? this.reader : this.writer;
    if (direction === 'read') this.reader = waker;
    else this.writer = waker;
    if (old !== null && old !== waker) old.wake();
    return false;
  }

  forget(direction: 'read' | 'write'): void {
    if (direction === 'read') this.reader = null;
    else this.writer = null;
  }

  /** Wakes whoever waits. */
  release(): void {
    const { reader, writer } = this;
    this.reader = null;
    this.writer = null;
    reader?.wake();
    writer?.wake();
  }

  /** What has not gone is dropped; whoever waits is woken. */
  drop(): void {
    this.rest = null;
    this.transport.forget('write');
    this.done();
  }

  /** The transport can take more. */
  wake(): void {
    while (this.rest !== null) {
      const { rest } = this;
      let count: number;
      try {
        count = this.offer(rest);
      } catch {
        // It is thrown by the next operation.
        break;
      }
      if (count === 0) return;
      this.rest = count === rest.length ? null : rest.subarray(count);
    }
    this.done();
  }

  /** How much the transport takes now. */
  private offer(bytes: Uint8Array): number {
    try {
      const count = this.transport.pollWrite(this.cx, bytes);
      return count === PENDING ? 0 : count;
    } catch (error) {
      this.failed = true;
      this.error = error;
      this.rest = null;
      throw error;
    }
  }

  private keep(bytes: Uint8Array): void {
    const { rest } = this;
    const all = new Uint8Array((rest?.length ?? 0) + bytes.length);
    if (rest !== null) all.set(rest);
    all.set(bytes, rest?.length ?? 0);
    this.rest = all;
    // What was taken but in part has not stored a waker yet.
    if (rest === null) this.wake();
  }

  private done(): void {
    const { onEmpty } = this;
    this.onEmpty = null;
    this.release();
    onEmpty?.();
  }
}
