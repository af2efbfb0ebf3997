/**
 * Answers: what a direct handler may give, and the same made ready to be written.
 *
 * What must hold: a field that could split the answer is refused before any byte of it is written. What frames a message
 * (Content-Length, Transfer-Encoding, Connection) is the server's: a handler may announce a length or ask for the connection's end, and
 * nothing else of it is passed on.
 */
import { PawlError } from '../../error/index.ts';
import type { Future } from '../../future/future.ts';
import type { Duplex, Reader } from '../../io/stream.ts';
import type { Stream } from '../../stream/stream.ts';
import type { FieldsInit } from '../fields.ts';
import { checkFieldName, checkFieldValue } from '../wire/encode.ts';
import { HttpError } from '../error.ts';
import { answerOf } from '../fetch/answer-of.ts';

/** What the content of an answer may be. What comes in pieces is asked for the next one when the client has taken the last. */
export type AnswerBody =
  | string
  | Uint8Array
  | Reader
  | Stream<Uint8Array | string>
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | null;

/** An answer in its parts. */
export interface AnswerParts {
  /** 200 to 599; 101 with `upgrade`. Default 200. */
  readonly status?: number;
  /** Default: the status's own, "Not Found". */
  readonly reason?: string;
  readonly headers?: FieldsInit;
  /** Default: none. */
  readonly body?: AnswerBody;
  /** Asked for when the body has ended; sent if the client's version knows chunks. */
  readonly trailers?: () => FieldsInit;
  /**
   * Takes the connection over once the head of the answer has been written, for another protocol: with status 101, or 200 to a CONNECT. The
   * stream gives first what has come already. The connection is closed when the future has ended.
   */
  readonly upgrade?: (stream: Duplex) => Future<void>;
}

/** What a direct handler answers: text (text/plain), bytes (application/octet-stream), or its parts. */
export type Answer = string | Uint8Array | AnswerParts;

/** An answer's own header lines, checked, and what of them concerns the server. */
export class AnswerHead {
  /** `Name: value\r\n` for each line that is passed on. */
  lines = '';
  /** The announced Content-Length, -1 when there is none. */
  length = -1;
  /** It has a Content-Type, or a Date, of its own. */
  type = false;
  date = false;
  /** It names the protocol that comes after it. */
  upgrade = false;
  /** It asks for the end of the connection. */
  close = false;
  /** No content and no length was given: for HEAD that does not mean that there is none. */
  unknown = false;

  /** Nothing in it but lines, a Content-Type among them. */
  get plain(): boolean {
    return this.type && !this.date && !this.close;
  }

  static of(init: FieldsInit): AnswerHead {
    const head = new AnswerHead();
    if (Symbol.iterator in init) {
      for (const [name, value] of init) head.add(name, value);
      return head;
    }
    for (const name of Object.keys(init)) {
      const value = init[name];
      if (Array.isArray(value)) for (const one of value as readonly string[]) head.add(name, one);
      else if (value !== undefined) head.add(name, value as string);
    }
    return head;
  }

  /** Of lines that have been checked, and that say what their content is. */
  static ready(lines: string, length: number, date: boolean, close: boolean): AnswerHead {
    const head = new AnswerHead();
    head.lines = lines;
    head.length = length;
    head.type = true;
    head.date = date;
    head.close = close;
    return head;
  }

  /** Throws HTTP_BAD_FIELD. */
  add(name: string, value: string): void {
    checkFieldName(name);
    const text = checkFieldValue(name, typeof value === 'number' ? String(value) : value);
    if (!this.concernsFraming(name, text)) this.lines += `${name}: ${text}\r\n`;
  }

  /** Told by their lengths, so that most names are not lower-cased. True for what the server writes itself. */
  private concernsFraming(name: string, value: string): boolean {
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'date') this.date = true;
        return false;
      case 7:
        if (name.toLowerCase() === 'upgrade') this.upgrade = true;
        return false;
      case 10:
        switch (name.toLowerCase()) {
          case 'connection':
            if (/(?:^|[,\s])close(?:$|[,\s])/i.test(value)) this.close = true;
            return true;
          case 'keep-alive':
            return true;
          default:
            return false;
        }
      case 12:
        if (name.toLowerCase() === 'content-type') this.type = true;
        return false;
      case 14:
        if (name.toLowerCase() !== 'content-length') return false;
        if (!/^\d{1,15}$/.test(value)) {
          throw new HttpError(
            'HTTP_BAD_FIELD',
            `Content-Length must be a number of bytes, got "${value}" (RFC 9110, 8.6)`,
          );
        }
        this.length = Number(value);
        return true;
      case 17:
        return name.toLowerCase() === 'transfer-encoding';
      default:
        return false;
    }
  }
}

/** An answer, ready to be written. */
export interface Prepared {
  readonly status: number;
  /** Empty for the status's own. */
  readonly reason: string;
  readonly head: AnswerHead | null;
  readonly body: AnswerBody;
  readonly trailers: (() => FieldsInit) | undefined;
  readonly upgrade: AnswerParts['upgrade'];
}

/** A direct handler's answer. Throws BAD_ARGUMENT for what is none, HTTP_BAD_FIELD for what may not go out. */
export function prepareParts(answer: unknown): Prepared {
  const { status = 200, reason = '', headers, body = null, trailers, upgrade } = checkParts(answer);
  return { status, reason, head: headers === undefined ? null : AnswerHead.of(headers), body, trailers, upgrade };
}

/** A fetch handler's answer. Throws a TypeError for anything but a Response that can be sent, HTTP_BAD_FIELD for what may not go out. */
export function prepareResponse(answer: unknown): Prepared {
  const { status, reason, fields, body, length, dated, close } = answerOf(answer as Response);
  const head = AnswerHead.ready(fields, length, dated, close);
  head.unknown = body === null && length < 0;
  return {
    status,
    reason,
    head,
    body,
    trailers: undefined,
    upgrade: undefined,
  };
}

function checkParts(answer: unknown): AnswerParts {
  if (typeof answer !== 'object' || answer === null) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `a handler answers with a string, bytes, or { status, headers, body }, got ${answer === null ? 'null' : typeof answer}: is a return missing?`,
    );
  }
  const { status = 200, upgrade } = answer as AnswerParts;
  const least = upgrade === undefined ? 200 : 101;
  if (!Number.isInteger(status) || status < least || status > 999 || (status > 101 && status < 200)) {
    throw new PawlError('BAD_ARGUMENT', `status must be a whole number from 200 to 999, got ${String(status)}`);
  }
  return answer;
}

/** No content by definition: RFC 9110, 6.4.1. */
export function isBodyless(status: number): boolean {
  return status === 204 || status === 304 || status < 200;
}
