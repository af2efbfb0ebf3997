/** Whole buffers at a place in a file, as futures that say how far they have come: reads to the end of the buffer or of the file, and writes. */
import type { FileHandle, Operation } from '../driver/files.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { resized } from '../io/stream.ts';
import { spend } from '../task/budget.ts';

abstract class Positioned<T> extends Future<T> {
  declare protected readonly handle: FileHandle;
  declare protected readonly bytes: Uint8Array;
  declare protected readonly position: number;
  declare protected readonly length: number;
  declare protected count: number;
  declare private operation: Operation<number> | null;
  declare private done: boolean;

  constructor(handle: FileHandle, bytes: Uint8Array, position: number) {
    super();
    this.handle = handle;
    this.bytes = bytes;
    this.length = bytes.length;
    this.position = position;
    this.count = 0;
    this.operation = null;
    this.done = false;
  }

  protected abstract begin(rest: Uint8Array, position: number): Operation<number>;
  protected abstract readonly verb: string;
  protected abstract end(): T;

  override poll(cx: Context): Poll<T> {
    if (this.done) throw alreadyCompleted(`a ${this.verb}`);
    try {
      if (this.step(cx) === PENDING) return PENDING;
    } catch (error) {
      this.operation = null;
      this.done = true;
      throw error;
    }
    this.done = true;
    return this.end();
  }

  private step(cx: Context): Poll<void> {
    while (this.count < this.length) {
      if (this.operation === null) {
        if (this.bytes.length !== this.length) throw resized();
        if (!spend(cx)) return PENDING;
        const { count } = this;
        this.operation = this.begin(count === 0 ? this.bytes : this.bytes.subarray(count), this.position + count);
      }
      const moved = this.operation.poll(cx);
      if (moved === PENDING) return PENDING;
      this.operation = null;
      if (moved === 0) return undefined;
      this.count += moved;
    }
    return undefined;
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    if (this.operation !== null && this.operation.cancel(cx) === PENDING) return PENDING;
    this.operation = null;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `${this.verb} of '${this.handle.path}'`, resource: this.handle };
  }
}

/** Reads until the buffer is full or the file ends: how many bytes. */
export class ReadAt extends Positioned<number> {
  protected get verb(): string {
    return 'read';
  }

  protected override begin(rest: Uint8Array, position: number): Operation<number> {
    return this.handle.read(rest, position);
  }

  protected override end(): number {
    return this.count;
  }
}

/** What `writeAt` gives: a future that says how many bytes are written, also when it was cancelled or has failed. */
export class WriteAt extends Positioned<void> {
  /** Bytes written so far, at least. */
  get written(): number {
    return this.count;
  }

  protected get verb(): string {
    return 'write';
  }

  protected override begin(rest: Uint8Array, position: number): Operation<number> {
    return this.handle.write(rest, position);
  }

  protected override end(): void {}
}
