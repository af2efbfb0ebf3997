/**
 * Writes of a connection or a pipe, as leaf futures: one write, several buffers in one write, all of a buffer, and the end.
 *
 * What must hold: bytes count as written once the kernel has taken them; a cancelled write has given it exactly what it says.
 */
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { checkBytes, resized } from '../io/stream.ts';
import { spend } from '../task/budget.ts';
import { busy, DONE, NEW, WAITING, type WritingSide } from './socket.ts';

export abstract class Writing<T> extends Future<T> {
  protected readonly socket: WritingSide;
  private state = NEW;

  constructor(socket: WritingSide) {
    super();
    this.socket = socket;
  }

  /** Makes what progress it can. */
  protected abstract step(cx: Context): Poll<T>;

  override poll(cx: Context): Poll<T> {
    const { socket } = this;
    if (this.state === NEW) {
      if (socket.writing) {
        this.state = DONE;
        throw busy('write', socket.resource);
      }
    } else if (this.state === DONE) throw alreadyCompleted('a write');
    let result: Poll<T>;
    try {
      result = this.step(cx);
    } catch (error) {
      this.end();
      throw error;
    }
    if (result === PENDING) {
      this.state = WAITING;
      socket.writing = true;
    } else this.end();
    return result;
  }

  private end(): void {
    this.state = DONE;
    this.socket.writing = false;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `write to ${this.socket.peerName}`, resource: this.socket };
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.state === WAITING) {
      this.socket.handle.forget('write');
      this.end();
    }
    this.state = DONE;
    return undefined;
  }
}

export class Write extends Writing<number> {
  private readonly source: Uint8Array;

  constructor(socket: WritingSide, source: Uint8Array) {
    super(socket);
    this.source = source;
  }

  protected override step(cx: Context): Poll<number> {
    const count = spend(cx) ? this.socket.handle.pollWrite(cx, this.source) : PENDING;
    if (count === 0) checkBytes(this.source);
    return count;
  }
}

export class WriteVectored extends Writing<number> {
  private readonly sources: readonly Uint8Array[];

  constructor(socket: WritingSide, sources: readonly Uint8Array[]) {
    super(socket);
    this.sources = sources;
  }

  protected override step(cx: Context): Poll<number> {
    return spend(cx) ? this.socket.handle.pollWriteVectored(cx, this.sources) : PENDING;
  }
}

/** A write of a whole buffer that says how far it has come: what a cancelled one has not written can be written later. */
export class WriteAll extends Writing<void> {
  private readonly source: Uint8Array;
  private readonly length: number;
  private count = 0;

  constructor(socket: WritingSide, source: Uint8Array) {
    super(socket);
    this.source = source;
    this.length = source.length;
  }

  /** Bytes written so far. */
  get written(): number {
    return this.count;
  }

  protected override step(cx: Context): Poll<void> {
    const { source, length, socket } = this;
    if (source.length !== length) throw resized();
    for (;;) {
      if (!spend(cx)) return PENDING;
      const { count } = this;
      const wrote = socket.handle.pollWrite(cx, count === 0 ? source : source.subarray(count));
      if (wrote === PENDING) return PENDING;
      this.count = count + wrote;
      if (this.count === length) return undefined;
    }
  }
}

/** The half-close. Ready at its first poll; a future because other kinds of stream have something to write first. */
export class Shutdown extends Writing<void> {
  protected override step(_cx: Context): Poll<void> {
    this.socket.handle.shutdown('write');
    return undefined;
  }
}
