/** A body's source that a test feeds by hand, and that notices whether it is used as the contract says. */
import { PENDING, type Context, type Poll, type Waker } from 'pawl';
import type { BodySource } from '../../src/http/body-source.ts';

export class FedBody implements BodySource {
  readonly trailers: null = null;
  readonly length: number;
  waker: Waker | null = null;
  discarded = false;
  polls = 0;
  private readonly pieces: Uint8Array[] = [];
  private failure: unknown = undefined;
  private state: 'open' | 'ended' | 'failed' = 'open';

  constructor(length = -1) {
    this.length = length;
  }

  feed(bytes: Uint8Array | string): this {
    this.pieces.push(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
    this.wake();
    return this;
  }

  end(): this {
    this.state = 'ended';
    this.wake();
    return this;
  }

  fail(error: unknown): this {
    this.state = 'failed';
    this.failure = error;
    this.wake();
    return this;
  }

  private wake(): void {
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  pollBody(cx: Context, target: Uint8Array): Poll<number> {
    if (this.discarded) throw new Error('polled after it was discarded');
    if (target.length === 0) throw new Error('polled with an empty target');
    this.polls++;
    const [piece] = this.pieces;
    if (piece !== undefined) {
      const count = Math.min(piece.length, target.length);
      target.set(piece.subarray(0, count));
      if (count === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(count);
      return count;
    }
    if (this.state === 'failed') throw this.failure;
    if (this.state === 'ended') return 0;
    this.waker = cx.waker;
    return PENDING;
  }

  forgetBody(): void {
    this.waker = null;
  }

  discardBody(): void {
    this.discarded = true;
  }
}
