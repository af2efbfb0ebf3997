/**
 * Writes the content of an answer that comes in pieces.
 *
 * What must hold: the next piece is asked for when the last one has been taken by the client's connection. An announced length is kept to
 * the byte: too few or too many break the connection, since the client could not tell what comes next. However it ends, the source is closed.
 * That the client takes nothing more is told apart from what the source throws: it is nobody's fault.
 */
import { Buffer } from 'node:buffer';
import { start, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { closeOne } from '../../stream/close.ts';
import { END, type Source } from '../../stream/source.ts';
import { Flushed } from '../connection/flush.ts';
import type { Outbound } from '../connection/outbound.ts';
import { bytesOf } from '../connection/pieces.ts';
import type { Transport } from '../../net/transport.ts';
import { HttpError } from '../error.ts';
import type { FieldsInit } from '../fields.ts';
import { AnswerHead } from './answer.ts';
import { clientGone } from './request.ts';
import type { Framing } from './responder.ts';

const CRLF = Buffer.from('\r\n');

/** What is written, and where to. */
export interface BodyWriting {
  readonly outbound: Outbound;
  readonly transport: Transport;
  readonly source: Source<Uint8Array | string>;
  readonly framing: Framing;
  /** Bytes that the head has announced, or -1. */
  readonly length: number;
  readonly trailers: (() => FieldsInit) | undefined;
  /** Called first: from now on it closes the source. */
  readonly begin: () => void;
}

/** Nothing of it has begun before it is polled, and it may be dropped then: whoever has made it closes the source. */
export function writeBody(writing: BodyWriting): Future<void> {
  return start(write, writing);
}

function* write(writing: BodyWriting): Steps<void> {
  const { outbound, source, framing, length, trailers } = writing;
  writing.begin();
  try {
    if (framing === 'none') return;
    let sent = 0;
    // The head goes out at once: the first piece may be long in coming.
    yield* flush(writing);
    for (;;) {
      const piece = yield* source.next();
      if (piece === END) break;
      const bytes = bytesOf(piece);
      if (bytes.length === 0) continue;
      sent += bytes.length;
      if (length >= 0 && sent > length) throw wrongLength(sent, length);
      if (framing === 'chunked') outbound.latin1(`${bytes.length.toString(16)}\r\n`);
      outbound.add(bytes);
      if (framing === 'chunked') {
        if (outbound.full) yield* flush(writing);
        outbound.add(CRLF);
      }
      yield* flush(writing);
    }
    if (length >= 0 && sent < length) throw wrongLength(sent, length);
    if (framing === 'chunked') {
      outbound.latin1(`0\r\n${trailers === undefined ? '' : AnswerHead.of(trailers()).lines}\r\n`);
    }
  } finally {
    yield* closeOne(source);
  }
}

/** Plain delegation: no coroutine of its own for each piece. */
function* flush({ outbound, transport }: BodyWriting): Steps<void> {
  try {
    yield* new Flushed(outbound, transport);
  } catch (error) {
    throw clientGone(error);
  }
}

function wrongLength(sent: number, length: number): HttpError {
  return new HttpError(
    'HTTP_BAD_FIELD',
    `the answer announced ${length} bytes and its content has ${sent > length ? 'more' : `only ${sent}`} (RFC 9110, 8.6)`,
  );
}
