/**
 * Decoded: content that came compressed, as it was before (RFC 9110 8.4).
 *
 * What must hold: nothing is decompressed that nobody has asked for: however small a response that becomes a very large one is, it takes no
 * more memory than the decoder's own and a piece of 64 KiB. Content that ends in the middle of its coding is an error.
 */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { driverOf } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { BodySource } from '../body-source.ts';
import type { Fields } from '../fields.ts';
import type { ResponseHead } from '../wire/response-head.ts';

const PIECE = 64 * 1024;
/** More codings than this are refused: each costs a decoder. */
const MOST = 5;

/** Makes a decoder; `first` is the first byte of what it decodes. */
type Make = (first: number) => Transform;

const CODINGS: Readonly<Record<string, Make>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  // "deflate" is zlib's format, and some servers send the bare one (RFC 9110 8.4.1.2): its first byte tells them apart.
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw()),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

/** The content behind what the head says; as it is where nobody here knows its coding. Throws HTTP_NOT_IMPLEMENTED for too many of them. */
export function decoded(head: ResponseHead, source: BodySource | null): BodySource | null {
  if (source === null) return null;
  const names = (head.fields.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const codings = names.filter((name) => name !== '' && name !== 'identity');
  if (codings.length > MOST) {
    source.discardBody();
    throw new PawlError('LIMIT_EXCEEDED', `the content of a response is coded ${codings.length} times over`);
  }
  if (!codings.every((name) => Object.hasOwn(CODINGS, name))) return source;
  return codings.reduceRight((inner: BodySource, name) => new Decoded(inner, name), source);
}

class Decoded implements BodySource {
  readonly length = -1;
  private readonly source: BodySource;
  private readonly coding: string;
  private decoder: Transform | null = null;
  private buffer: Buffer | null = null;
  private piece: Buffer | null = null;
  private waker: Waker | null = null;
  /** The decoder has not taken the last piece yet. */
  private busy = false;
  private inputEnded = false;
  private ended = false;
  private failure: unknown = null;

  constructor(source: BodySource, coding: string) {
    this.source = source;
    this.coding = coding;
  }

  get trailers(): Fields | null {
    return this.source.trailers;
  }

  pollBody(cx: Context, target: Uint8Array): Poll<number> {
    for (;;) {
      if (this.failure !== null) throw this.failure;
      const piece = this.piece ?? (this.decoder?.read() as Buffer | null | undefined) ?? null;
      if (piece !== null) return this.give(piece, target);
      if (this.ended) {
        this.leave();
        return 0;
      }
      if (!this.busy && !this.inputEnded) {
        const more = this.feed(cx);
        if (more === PENDING) return PENDING;
        continue;
      }
      if (driverOf(cx).blocking) {
        this.failure = new PawlError(
          'BLOCKING_NODE',
          'decompressing inside blockOn, where nothing would do it: use run instead',
        );
        this.fail(this.failure);
        continue;
      }
      this.waker = cx.waker;
      return PENDING;
    }
  }

  /** The coding has ended; what comes behind it is nothing. */
  private leave(): void {
    if (this.inputEnded) return;
    this.inputEnded = true;
    this.source.discardBody();
  }

  private give(piece: Buffer, target: Uint8Array): number {
    const count = piece.copy(target, 0, 0, target.length);
    this.piece = count === piece.length ? null : piece.subarray(count);
    return count;
  }

  private feed(cx: Context): Poll<void> {
    const buffer = (this.buffer ??= Buffer.allocUnsafeSlow(PIECE));
    let count: Poll<number>;
    try {
      count = this.source.pollBody(cx, buffer);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (count === PENDING) return PENDING;
    if (count === 0) {
      this.inputEnded = true;
      this.buffer = null;
      // Nothing at all is nothing, in any coding.
      if (this.decoder === null) this.ended = true;
      else this.decoder.end();
      return undefined;
    }
    this.decoder ??= this.begin(buffer[0] as number);
    this.busy = true;
    this.decoder.write(buffer.subarray(0, count), () => {
      this.busy = false;
      this.wake();
    });
    return undefined;
  }

  private begin(first: number): Transform {
    const decoder = (CODINGS[this.coding] as Make)(first);
    decoder.on('readable', () => this.wake());
    decoder.on('end', () => {
      this.ended = true;
      this.wake();
    });
    decoder.on('error', (error: NodeJS.ErrnoException) => {
      this.fail(
        new PawlError('BAD_CONTENT', `the content is no ${this.coding}, or not all of it: ${error.message}`, {
          cause: error,
        }),
      );
      this.wake();
    });
    return decoder;
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.release();
    this.source.discardBody();
  }

  private wake(): void {
    const { waker } = this;
    this.waker = null;
    waker?.wake();
  }

  private release(): void {
    this.decoder?.destroy();
    this.buffer = null;
    this.piece = null;
  }

  forgetBody(): void {
    this.waker = null;
    this.source.forgetBody();
  }

  discardBody(): void {
    this.ended = true;
    this.release();
    this.decoder = null;
    this.source.discardBody();
  }
}
