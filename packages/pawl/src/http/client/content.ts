/**
 * Content: what a request carries, whatever it was given as.
 *
 * What must hold: what is in memory is sent with the head, and can be sent again. What comes piece by piece is asked for when it can be sent;
 * it can be sent again only where it says so.
 */
import { PawlError } from '../../error/index.ts';
import type { Reader } from '../../io/stream.ts';
import type { Source } from '../../stream/source.ts';
import { Stream } from '../../stream/stream.ts';
import { fromReadableStream } from '../../stream/web.ts';
import { IncomingBody } from '../body.ts';
import { type Pieces, piecesOf } from '../connection/pieces.ts';
import { Multipart } from './multipart.ts';

/** What a request's content can be given as. A generator, a stream or a reader is asked for a piece when the last one has been sent. */
export type RequestBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | Blob
  | FormData
  | Reader
  | Stream<Uint8Array | string>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | null;

type Open = () => Source<Uint8Array | string>;

export class Content {
  /** All of it. */
  readonly whole: string | Uint8Array | null;
  /** Opens what gives its pieces. */
  readonly open: Open | null;
  /** Bytes; -1 when that is not known. */
  readonly length: number;
  /** The Content-Type that it brings. */
  readonly type: string | null;
  /** It can be sent a second time. */
  readonly replayable: boolean;

  private constructor(
    whole: string | Uint8Array | null,
    open: Open | null,
    length: number,
    type: string | null,
    replayable: boolean,
  ) {
    this.whole = whole;
    this.open = open;
    this.length = length;
    this.type = type;
    this.replayable = replayable;
  }

  static whole(whole: string | Uint8Array, type: string | null): Content {
    const length = typeof whole === 'string' ? Buffer.byteLength(whole) : whole.length;
    return new Content(whole, null, length, type, true);
  }

  static pieces(open: Open, length: number, type: string | null, replayable: boolean): Content {
    return new Content(null, open, length, type, replayable);
  }

  /** The same, of unknown length: only that is followed by trailers (RFC 9112 7.1.2). */
  inPieces(): Content {
    const { whole, open, type, replayable } = this;
    return Content.pieces(open ?? (() => Stream.of(whole as string | Uint8Array)), -1, type, replayable);
  }

  /** Error: BAD_ARGUMENT. */
  static of(body: NonNullable<RequestBody>): Content {
    if (typeof body === 'string') return Content.whole(body, 'text/plain;charset=UTF-8');
    if (body instanceof Uint8Array) return Content.whole(body, null);
    if (typeof body !== 'object') {
      throw new PawlError(
        'BAD_ARGUMENT',
        `the body of a request is a string, bytes or something that gives them, got ${typeof body}`,
      );
    }
    if (body instanceof ArrayBuffer) return Content.whole(new Uint8Array(body), null);
    if (ArrayBuffer.isView(body)) {
      return Content.whole(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), null);
    }
    if (body instanceof URLSearchParams) {
      return Content.whole(body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8');
    }
    if (body instanceof Blob) {
      const open = (): Source<Uint8Array> => fromReadableStream(body.stream());
      return Content.pieces(open, body.size, body.type === '' ? null : body.type, true);
    }
    if (body instanceof FormData) {
      const multipart = new Multipart(body);
      return Content.pieces(() => Stream.from(multipart.pieces()), multipart.length, multipart.type, true);
    }
    const source = piecesOf(body as Pieces);
    return Content.pieces(() => source, body instanceof IncomingBody ? body.length : -1, null, false);
  }
}
