/**
 * Answer: what a server writes out for a Response, with nothing built that the handler did not touch.
 *
 * What must hold: no field in it can break a line or change how the message is framed: Content-Length, Transfer-Encoding and Connection are
 * taken out, and said in a form that the server decides on. The Response is used afterwards.
 */
import type { Stream } from '../../stream/stream.ts';
import type { IncomingBody } from '../body.ts';
import { HttpError } from '../error.ts';
import type { HeaderList } from './header-list.ts';
import { isPlain } from './header-text.ts';

/** A body as it was given: text that goes out in UTF-8, bytes, what came in with a message, or a stream of either kind. */
export type AnswerBody = string | Uint8Array | IncomingBody | Stream<Uint8Array> | ReadableStream<Uint8Array> | null;

export interface Answer {
  readonly status: number;
  /** The reason phrase, latin1; empty for the usual one. */
  readonly reason: string;
  /** The header lines, `name: value` and CRLF each, in latin1: all but those of which the rest of this tells. */
  readonly fields: string;
  readonly body: AnswerBody;
  /**
   * How many bytes a body has that must be read to know it, if its maker or Content-Length said so; else -1. With no body, what
   * Content-Length says about the answer that HEAD or 304 stands for. A string and bytes have the length that they have.
   */
  readonly length: number;
  /** There is a Date among the fields. */
  readonly dated: boolean;
  /** The connection is to end after it (`connection: close`). */
  readonly close: boolean;
}

/** Header lines of answers that have a content type and nothing else, by the content type. Bounded. */
const lines = new Map<string, string>();
const MOST_LINES = 64;

/** An answer without headers but the content type that its body has brought. */
export function answerTyped(
  status: number,
  reason: string,
  type: string | null,
  body: AnswerBody,
  length: number,
): Answer {
  return { status, reason, fields: type === null ? '' : typeLine(type), body, length, dated: false, close: false };
}

/** An answer with these headers. Error: HTTP_BAD_FIELD for what Headers may hold and HTTP may not send. */
export function answerListed(
  status: number,
  reason: string,
  list: HeaderList,
  body: AnswerBody,
  known: number,
): Answer {
  const { entries } = list;
  if (list.odd) refuseOdd(entries);
  let length = known;
  let dated = false;
  let close = false;
  if (entries.length === 2 && entries[0] === 'content-type') {
    return { status, reason, fields: typeLine(entries[1] as string), body, length, dated, close };
  }
  let fields = '';
  for (let at = 0; at < entries.length; at += 2) {
    const name = entries[at] as string;
    const value = entries[at + 1] as string;
    // By length first: the name of nearly every header is told from these by that alone.
    switch (name.length) {
      case 4:
        if (name === 'date') dated = true;
        break;
      case 10:
        if (name === 'connection') {
          if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)) close = true;
          continue;
        }
        if (name === 'keep-alive') continue;
        break;
      case 14:
        if (name === 'content-length') {
          if (length < 0) length = lengthOf(value);
          continue;
        }
        break;
      case 17:
        if (name === 'transfer-encoding') continue;
        break;
      default:
    }
    fields += `${name}: ${value}\r\n`;
  }
  return { status, reason, fields, body, length, dated, close };
}

function typeLine(type: string): string {
  const known = lines.get(type);
  if (known !== undefined) return known;
  if (!isPlain(type)) throw odd('content-type');
  const line = `content-type: ${type}\r\n`;
  if (lines.size < MOST_LINES && type.length <= 128) lines.set(type, line);
  return line;
}

function lengthOf(value: string): number {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new HttpError('HTTP_BAD_FIELD', 'content-length is a number of bytes (RFC 9110 8.6)');
}

function refuseOdd(entries: readonly string[]): void {
  for (let at = 0; at < entries.length; at += 2) {
    if (!isPlain(entries[at + 1] as string)) throw odd(entries[at] as string);
  }
}

function odd(name: string): HttpError {
  return new HttpError('HTTP_BAD_FIELD', `the value of ${name} has a control character in it (RFC 9110 5.5)`);
}
