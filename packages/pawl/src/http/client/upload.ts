/**
 * Writes the content of a request that comes in pieces.
 *
 * What must hold: the next piece is asked for when the connection has taken the last one. An announced length is kept to the byte: too few
 * or too many break the request. However it ends, the source is closed.
 */
import { Buffer } from 'node:buffer';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { closeOne } from '../../stream/close.ts';
import { END, type Source } from '../../stream/source.ts';
import { Flushed } from '../connection/flush.ts';
import { bytesOf } from '../connection/pieces.ts';
import { HttpError } from '../error.ts';
import { Fields, type FieldsInit } from '../fields.ts';
import { chunkHead } from '../wire/encode.ts';
import type { ClientConnection } from './connection.ts';

const CRLF = Buffer.from('\r\n');

/** `length` is what the head has announced, -1 for chunks. */
export const upload: (
  connection: ClientConnection,
  source: Source<Uint8Array | string>,
  length: number,
  trailers: (() => FieldsInit) | null,
) => Future<void> = coroutine(function* upload(
  { outbound, transport }: ClientConnection,
  source: Source<Uint8Array | string>,
  length: number,
  trailers: (() => FieldsInit) | null,
): Steps<void> {
  try {
    let sent = 0;
    // The head goes out at once: the first piece may be long in coming.
    yield* new Flushed(outbound, transport);
    for (;;) {
      const piece = yield* source.next();
      if (piece === END) break;
      const bytes = bytesOf(piece);
      if (bytes.length === 0) continue;
      sent += bytes.length;
      if (length >= 0 && sent > length) throw wrongLength(sent, length);
      if (length < 0) outbound.latin1(chunkHead(bytes.length));
      outbound.add(bytes);
      if (length < 0) {
        if (outbound.full) yield* new Flushed(outbound, transport);
        outbound.add(CRLF);
      }
      yield* new Flushed(outbound, transport);
    }
    if (length >= 0 && sent < length) throw wrongLength(sent, length);
    if (length < 0) {
      outbound.latin1(`0\r\n${trailers === null ? '' : Fields.from(trailers()).toText()}\r\n`);
      yield* new Flushed(outbound, transport);
    }
  } finally {
    yield* closeOne(source);
  }
});

function wrongLength(sent: number, length: number): HttpError {
  return new HttpError(
    'HTTP_BAD_FIELD',
    `the request announced ${length} bytes and its content has ${sent > length ? 'more' : `only ${sent}`} (RFC 9110, 8.6)`,
  );
}
