/**
 * Pieces: content that a program gives piece by piece, whatever it is made of, as one kind of source.
 *
 * What must hold: nothing is asked for before it can be sent. Closing it lets go of whatever stands behind it, however far it has come.
 */
import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { PawlError } from '../../error/index.ts';
import { start, type Steps } from '../../future/coroutine.ts';
import { map } from '../../future/map.ts';
import type { Future } from '../../future/future.ts';
import { ready } from '../../future/ready.ts';
import type { Reader } from '../../io/stream.ts';
import { closeOne } from '../../stream/close.ts';
import { END, type End, type Source } from '../../stream/source.ts';
import { Stream } from '../../stream/stream.ts';
import { fromReadableStream } from '../../stream/web.ts';
import { IncomingBody } from '../body.ts';

/** What can be sent in pieces. */
export type Pieces =
  | Reader
  | Stream<Uint8Array | string>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

const READ_SIZE = 32 * 1024;

/** Reads into one buffer again and again: a piece is gone before the next one is asked for. */
class ReaderSource implements Source<Uint8Array> {
  private readonly reader: Reader;
  private readonly buffer = Buffer.allocUnsafeSlow(READ_SIZE);

  constructor(reader: Reader) {
    this.reader = reader;
  }

  next(): Future<Uint8Array | End> {
    return map(this.reader.read(this.buffer), (count) => (count === 0 ? END : this.buffer.subarray(0, count)));
  }

  close(): Future<void> {
    if (this.reader instanceof IncomingBody) this.reader.discard();
    return ready(undefined);
  }
}

const ignore = (): void => {};

/** A Readable of Node's. It may fail, and be closed, before anybody has asked it for a piece: then no iterator has begun that would see to it. */
class NodeSource implements Source<Uint8Array | string> {
  private readonly readable: Readable;
  private readonly pieces: Stream<Uint8Array | string>;

  constructor(readable: Readable) {
    this.readable = readable;
    this.pieces = Stream.from(readable as AsyncIterable<Uint8Array | string>);
    // What it fails with is thrown where it is read; the event would end the process if nobody listened.
    readable.on('error', ignore);
    readable.once('close', () => readable.off('error', ignore));
  }

  next(): Future<Uint8Array | string | End> {
    return this.pieces.next();
  }

  close(): Future<void> {
    const { readable, pieces } = this;
    return start(function* (): Steps<void> {
      try {
        yield* closeOne(pieces);
      } finally {
        readable.destroy();
      }
    });
  }
}

/** Throws BAD_ARGUMENT for what gives no bytes. */
export function piecesOf(body: Pieces): Source<Uint8Array | string> {
  if (body instanceof Stream) return body;
  if (typeof body === 'object') {
    // Its own `read` is another one than a Reader's.
    if (body instanceof Readable) return new NodeSource(body);
    if (typeof (body as Reader).read === 'function') return new ReaderSource(body as Reader);
    if (body instanceof ReadableStream) return fromReadableStream(body as ReadableStream<Uint8Array>);
    if (Symbol.asyncIterator in body || Symbol.iterator in body) {
      return Stream.from(body as AsyncIterable<Uint8Array | string>);
    }
  }
  throw new PawlError(
    'BAD_ARGUMENT',
    `content is a string, bytes, a Reader, a Stream, a ReadableStream or an iterable of bytes, got ${Object.prototype.toString.call(body)}`,
  );
}

/** A piece as bytes. Throws BAD_ARGUMENT for what is none. */
export function bytesOf(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  throw new PawlError(
    'BAD_ARGUMENT',
    `a piece of content must be bytes or a string, got ${Object.prototype.toString.call(piece)}`,
  );
}
