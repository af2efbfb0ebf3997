/**
 * Reads and writes at a file's own place, one after the other, as leaf futures.
 *
 * What must hold: the place moves when an operation has completed, and only then: what a cancelled one has read is read again, and what it has
 * written the next one writes over. What has no places (a pipe, a terminal) is found out by the first operation, and then has one of the
 * kernel's.
 */
import type { FileHandle, Operation } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { checkBytes } from '../io/stream.ts';
import { spend } from '../task/budget.ts';

/** What the operations of a file share. */
export interface Place {
  readonly handle: FileHandle;
  position: number;
  /** False for what has no places. */
  seekable: boolean;
  /** The operation that is under way. */
  user: Future<unknown> | null;
}

export class Sequential extends Future<number> {
  private readonly place: Place;
  private readonly bytes: Uint8Array;
  private readonly writes: boolean;
  private operation: Operation<number> | null = null;
  private done = false;

  constructor(place: Place, bytes: Uint8Array, writes: boolean) {
    super();
    this.place = place;
    this.bytes = bytes;
    this.writes = writes;
  }

  override poll(cx: Context): Poll<number> {
    if (this.done) throw alreadyCompleted(this.writes ? 'a write' : 'a read');
    const { place } = this;
    if (place.user !== null && place.user !== this) {
      this.done = true;
      throw new PawlError(
        'BUSY',
        `another task is at the place of '${place.handle.path}': one at a time may, or use readAt and writeAt`,
        { path: place.handle.path },
      );
    }
    let count: Poll<number>;
    try {
      count = this.step(cx);
    } catch (error) {
      this.end();
      throw error;
    }
    if (count === PENDING) {
      place.user = this;
      return PENDING;
    }
    place.position += count;
    this.end();
    return count;
  }

  private step(cx: Context): Poll<number> {
    if (this.operation === null) {
      if (!spend(cx)) return PENDING;
      if (this.bytes.length === 0) checkBytes(this.bytes);
      this.operation = this.begin();
    }
    try {
      return this.operation.poll(cx);
    } catch (error) {
      const { place } = this;
      if (!(error instanceof PawlError) || error.code !== 'ESPIPE' || !place.seekable) throw error;
      place.seekable = false;
      this.operation = this.begin();
      return this.operation.poll(cx);
    }
  }

  private begin(): Operation<number> {
    const { handle, seekable, position } = this.place;
    const at = seekable ? position : null;
    return this.writes ? handle.write(this.bytes, at) : handle.read(this.bytes, at);
  }

  private end(): void {
    this.done = true;
    this.operation = null;
    if (this.place.user === this) this.place.user = null;
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    if (this.operation !== null && this.operation.cancel(cx) === PENDING) return PENDING;
    this.end();
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const { handle } = this.place;
    return { what: `${this.writes ? 'write to' : 'read from'} '${handle.path}'`, resource: handle };
  }
}
