/**
 * BodySource: what stands behind a body that comes in, a connection or memory, at the level of polls.
 *
 * What must hold: bytes are copied into the target of the poll that returns their count, and no target is kept. With a known `length` nobody
 * need ask again when that many bytes have come. After an error, and after `discardBody`, nothing is asked any more. A `pollBody` that is
 * pending when the connection is given up is woken, and throws: somebody may be awaiting it as a promise, in a task of its own.
 */
import type { Context } from '../future/context.ts';
import type { Poll } from '../future/poll.ts';
import type { Fields } from './fields.ts';

export interface BodySource {
  /** Content bytes copied into `target` (not empty): at least 1, or 0 at the end. Throws what the connection failed with. */
  pollBody(cx: Context, target: Uint8Array): Poll<number>;
  /**
   * The whole body, if all of it has come already and fits into `target`: copied there, how many bytes; else -1, and nothing has happened.
   * For the many small bodies that come together with their head, which need no task to wait in. A source may do without.
   */
  takeWhole?(target: Uint8Array): number;
  /** Drops the waker that a pending `pollBody` stored. */
  forgetBody(): void;
  /** Nobody wants the rest. */
  discardBody(): void;
  /** What followed the content, once it has ended. */
  readonly trailers: Fields | null;
  /** How many bytes there are in all, or -1 when that is not known. */
  readonly length: number;
}

/** A body that is in memory. */
export class BytesSource implements BodySource {
  readonly trailers: null = null;
  readonly length: number;
  private bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.length = bytes.length;
  }

  pollBody(_cx: Context, target: Uint8Array): number {
    const { bytes, at } = this;
    const count = Math.min(target.length, bytes.length - at);
    target.set(count === bytes.length ? bytes : bytes.subarray(at, at + count));
    this.at = at + count;
    return count;
  }

  takeWhole(target: Uint8Array): number {
    const { bytes } = this;
    if (this.at > 0 || bytes.length > target.length) return -1;
    target.set(bytes);
    this.at = bytes.length;
    return bytes.length;
  }

  forgetBody(): void {}

  discardBody(): void {
    this.bytes = NOTHING;
    this.at = 0;
  }
}

const NOTHING = new Uint8Array(0);
