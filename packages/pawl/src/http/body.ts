/**
 * IncomingBody: the body of a message that came in, read as bytes, as text, piece by piece, or not at all.
 *
 * What must hold: it is consumed once; a second consumer gets BODY_USED. It holds no memory while it waits for its first byte, and little
 * more than twice what has come: a length that a peer only announces costs nothing. What it hands out is the caller's own memory.
 */
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';
import { checkBytes, type Lease, type Reader } from '../io/stream.ts';
import { Stream } from '../stream/stream.ts';
import { BodyRead, LeasedBodyRead } from './body-read.ts';
import { type BodySource, BytesSource } from './body-source.ts';
import { BodyBytes, BodyJson, BodyText } from './body-whole.ts';
import { BodyChunks, toWeb } from './body-chunks.ts';
import type { Fields } from './fields.ts';

export type { BodySource } from './body-source.ts';

/** How much of a body is wanted. */
export interface BodyOptions {
  /** At most so many bytes: a longer body is HTTP_BODY_TOO_LARGE, at once when its length is announced. No limit by default. */
  readonly limit?: number;
}

/**
 * The body of a message that came in. Read it once, in one way: a second consumer gets BODY_USED. An empty body can be read in any way and
 * as often as you like.
 *
 * Errors of everything that reads: what the connection fails with, UNEXPECTED_EOF when it ended before the body did; HttpError when the
 * body's framing is wrong (RFC 9112, section 7.1) or it is longer than the server allows.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { IncomingBody } from 'pawl/http';
 * const body = IncomingBody.of(new TextEncoder().encode('{"name":"pawl"}'));
 * console.log(await run(body.json())); // { name: 'pawl' }
 * ```
 */
export class IncomingBody implements Reader {
  /** @internal */
  readonly source: BodySource;
  /** @internal What is under way. */
  user: Future<unknown> | null = null;
  /** @internal By `read`, which may go on. */
  reading = false;
  private taken = false;

  constructor(source: BodySource) {
    this.source = source;
  }

  /** A body that is these bytes. They are not copied: leave them alone until it has been read. */
  static of(bytes: Uint8Array): IncomingBody {
    return bytes.length === 0 ? EMPTY : new IncomingBody(new BytesSource(bytes));
  }

  /** The body of a message that has none. */
  static get empty(): IncomingBody {
    return EMPTY;
  }

  /** Somebody has begun to read it, or it was discarded. */
  get used(): boolean {
    return this.taken;
  }

  /** Content-Length in bytes, or -1 when the message did not say. */
  get length(): number {
    return this.source.length;
  }

  /** The trailer fields, once the body has been read to its end, if there were any. */
  get trailers(): Fields | null {
    return this.source.trailers;
  }

  /**
   * Waits for bytes and copies them into `target`: how many, 0 at the end. Whoever reads so may go on; all others get BODY_USED.
   *
   * Cancelling it is *safe*. Errors: BODY_USED; BUSY while another task reads.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new BodyRead(this, target);
  }

  /** As `read`, with memory that is only needed while there is something to put there. */
  readLeased(lease: Lease): Future<number> {
    return new LeasedBodyRead(this, lease);
  }

  /** All of it. Cancelling it *loses data*: what has come is gone. Errors: BODY_USED; HTTP_BODY_TOO_LARGE when it is over the limit. */
  bytes(options: BodyOptions = {}): Future<Uint8Array<ArrayBuffer>> {
    return new BodyBytes(this, limitOf(options));
  }

  /** All of it as text in UTF-8, without its byte order mark; what is no UTF-8 becomes U+FFFD. Otherwise as `bytes`. */
  text(options: BodyOptions = {}): Future<string> {
    return new BodyText(this, limitOf(options));
  }

  /** All of it as JSON. Errors: a SyntaxError when it is none; otherwise as `bytes`. */
  json<T = unknown>(options: BodyOptions = {}): Future<T> {
    return new BodyJson<T>(this, limitOf(options));
  }

  /** Piece by piece, as they come. It is used from now on; closing the stream discards the rest. Errors: BODY_USED. */
  chunks(): Stream<Uint8Array<ArrayBuffer>> {
    this.claim();
    return new Stream(new BodyChunks(this, true));
  }

  /**
   * As a web stream (of bytes), read on the ambient runtime at its reader's pace. It is used from now on; cancelling the stream discards the
   * rest. Errors: BODY_USED.
   *
   * @example
   * ```ts
   * import { IncomingBody } from 'pawl/http';
   * const body = IncomingBody.of(new TextEncoder().encode('hello'));
   * console.log(await new Response(body.toWeb()).text()); // hello
   * ```
   */
  toWeb(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.claim();
    return toWeb(new BodyChunks(this, true));
  }

  /** Nobody wants it, or the rest of it. Harmless when it has been read. */
  discard(): void {
    if (this.source === NONE) return;
    this.taken = true;
    this.source.discardBody();
  }

  /** @internal For a consumer that takes it all. */
  claim(): void {
    if (this.taken) throw bodyUsed();
    if (this.source !== NONE) this.taken = true;
  }

  /** @internal The whole body, if it is there and nobody has it: copied into `target`, how many bytes; else -1. */
  takeWhole(target: Uint8Array): number {
    const { source } = this;
    if (this.taken || source.takeWhole === undefined) return -1;
    const count = source.takeWhole(target);
    if (count >= 0 && source !== NONE) this.taken = true;
    return count;
  }

  /** @internal For a `read`, which may come after another. */
  claimRead(): void {
    if (this.taken && !this.reading) throw bodyUsed();
    if (this.source === NONE) return;
    this.taken = true;
    this.reading = true;
  }
}

const NONE = new BytesSource(new Uint8Array(0));
const EMPTY = new IncomingBody(NONE);

function limitOf({ limit }: BodyOptions): number {
  if (limit === undefined) return Infinity;
  if (limit >= 0) return limit;
  throw new PawlError('BAD_ARGUMENT', `limit must be a number of bytes, at least 0, got ${limit}`);
}

function bodyUsed(): PawlError {
  return new PawlError('BODY_USED', 'the body has been read already, or somebody reads it: it can be consumed once');
}
