/**
 * A body piece by piece: as a stream of ours, and as a web stream.
 *
 * What must hold: nothing is read before it is asked for. Closing early discards the rest, so that the connection can go on.
 */
import type { Context, Waker } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { ready } from '../future/ready.ts';
import { closing } from '../stream/close.ts';
import { END, type End, type Source } from '../stream/source.ts';
import { spend } from '../task/budget.ts';
import { BodyOperation } from './body-read.ts';
import { copyOf, SCRATCH } from './body-whole.ts';
import type { IncomingBody } from './body.ts';
import { promised } from './promised.ts';

type Chunk = Uint8Array<ArrayBuffer>;

export class BodyChunks implements Source<Chunk> {
  private readonly body: IncomingBody;
  private claimed: boolean;
  /** @internal Of whoever waits for the next one. */
  waker: Waker | null = null;
  /** @internal */
  ended = false;

  /** The body has been claimed for it, or is to be when the first is asked for. */
  constructor(body: IncomingBody, claimed: boolean) {
    this.body = body;
    this.claimed = claimed;
  }

  next(): Future<Chunk | End> {
    return this.ended ? ready<End>(END) : new NextChunk(this.body, this);
  }

  close(): Future<void> {
    return closing(() => {
      this.discard();
      return undefined;
    });
  }

  /** @internal At the first of them. */
  claim(): void {
    if (!this.claimed) this.body.claim();
    this.claimed = true;
  }

  /** All there is, if nothing has been asked for yet and all of it has come; else null. */
  takeWhole(): Chunk | null {
    if (this.claimed || this.ended) return null;
    const count = this.body.takeWhole(SCRATCH);
    if (count < 0) return null;
    this.claimed = true;
    this.ended = true;
    return copyOf(SCRATCH, count);
  }

  discard(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.waker !== null) this.body.source.forgetBody();
    this.body.discard();
    // Whoever waits for the next one gets END.
    this.waker?.wake();
  }
}

class NextChunk extends BodyOperation<Chunk | End> {
  private readonly chunks: BodyChunks;

  constructor(body: IncomingBody, chunks: BodyChunks) {
    super(body);
    this.chunks = chunks;
  }

  protected override begin(): void {
    this.chunks.claim();
  }

  protected override step(cx: Context): Poll<Chunk | End> {
    const { chunks } = this;
    chunks.waker = null;
    if (chunks.ended) return END;
    const count = spend(cx) ? this.body.source.pollBody(cx, SCRATCH) : PENDING;
    if (count === PENDING) {
      chunks.waker = cx.waker;
      return PENDING;
    }
    if (count > 0) return copyOf(SCRATCH, count);
    chunks.ended = true;
    return END;
  }
}

/** As a web stream. */
export function toWeb(chunks: BodyChunks): ReadableStream<Chunk> {
  let cancelled = false;
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        const whole = chunks.takeWhole();
        const chunk = whole ?? (await promised(chunks.next()));
        if (chunk !== END && chunk.length > 0) controller.enqueue(chunk);
        if (!chunks.ended || cancelled) return;
        controller.close();
        // Somebody who reads into memory of their own is waiting for an answer (Streams standard, 4.7.3).
        controller.byobRequest?.respond(0);
      },
      cancel() {
        cancelled = true;
        chunks.discard();
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
}
