/**
 * A body piece by piece: as a stream of ours, and as a web stream.
 *
 * What must hold: nothing is read before it is asked for. Closing early discards the rest, so that the connection can go on.
 */
import type { Context } from '../future/context.ts';
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
  /** @internal */
  ended = false;

  /** The body has been claimed for it. */
  constructor(body: IncomingBody) {
    this.body = body;
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

  discard(): void {
    if (!this.ended) this.body.discard();
    this.ended = true;
  }
}

class NextChunk extends BodyOperation<Chunk | End> {
  private readonly chunks: BodyChunks;

  constructor(body: IncomingBody, chunks: BodyChunks) {
    super(body);
    this.chunks = chunks;
  }

  protected override begin(): void {}

  protected override step(cx: Context): Poll<Chunk | End> {
    const { chunks } = this;
    if (chunks.ended) return END;
    if (!spend(cx)) return PENDING;
    const count = this.body.source.pollBody(cx, SCRATCH);
    if (count === PENDING) return PENDING;
    if (count > 0) return copyOf(SCRATCH, count);
    chunks.ended = true;
    return END;
  }
}

export function toWeb(chunks: BodyChunks): ReadableStream<Chunk> {
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        const chunk = await promised(chunks.next());
        if (chunk !== END) {
          controller.enqueue(chunk);
          return;
        }
        controller.close();
        // Somebody who reads into memory of their own is waiting for an answer (Streams standard, 4.7.3).
        controller.byobRequest?.respond(0);
      },
      cancel() {
        chunks.discard();
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
}
