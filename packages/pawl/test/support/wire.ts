/** Reads whole connections with the wire parsers, from bytes that come in any pieces, as a server or a client would. */
import assert from 'node:assert/strict';
import { PawlError } from '../../src/error/index.ts';
import type { Fields } from '../../src/http/fields.ts';
import { type BodyDecoder, requestBody, responseBody } from '../../src/http/wire/body-decoder.ts';
import { INCOMPLETE, RequestParser } from '../../src/http/wire/request-parser.ts';
import { ResponseParser } from '../../src/http/wire/response-parser.ts';

type Lines = readonly (readonly [string, string])[];

export interface Message {
  /** Method, target and version, or version, status and reason. */
  readonly line: readonly (string | number)[];
  readonly fields: Lines;
  readonly body: string;
  readonly trailers: Lines;
}

/** What came of a connection. */
export interface Outcome {
  readonly messages: readonly Message[];
  /** The code and message of what was refused; `incomplete` if more must come; `idle` between messages. */
  readonly end: string;
  /** Bytes behind the last message: of what it became (an upgrade, a tunnel), or after `Connection: close`. */
  readonly rest: string;
}

/** Of a message, from its head; `last`: the connection does not go on with another. */
interface Reading {
  readonly line: readonly (string | number)[];
  readonly fields: Fields;
  readonly body: BodyDecoder | null;
  readonly last: boolean;
}

interface HeadParser {
  readonly idle: boolean;
  parse(bytes: Uint8Array, start: number, end: number): number;
}

/** What stands around the bytes in their buffer: it would end any head or chunk, were it read. */
const AROUND = Buffer.from('\r\n\r\n0\r\n\r\n');

const lines = (fields: Fields | null): Lines => (fields === null ? [] : [...fields]);

class Connection {
  private readonly parser: HeadParser;
  private readonly reading: () => Reading;
  private readonly target: Buffer;
  private readonly messages: Message[] = [];
  /** The message whose content is coming. */
  private now: Reading | null = null;
  private body = '';
  private over = false;
  private rest: Uint8Array = new Uint8Array();

  constructor(parser: HeadParser, reading: () => Reading, room: number) {
    this.parser = parser;
    this.reading = reading;
    this.target = Buffer.alloc(room);
  }

  read(pieces: readonly Uint8Array[]): Outcome {
    const { messages } = this;
    try {
      for (const piece of pieces) this.take(piece);
      this.now?.body?.end();
      if (this.now?.body?.done === true) this.finish(this.now);
    } catch (error) {
      if (!(error instanceof PawlError)) throw error;
      const end = error.code === 'UNEXPECTED_EOF' ? 'incomplete' : `${error.code}: ${error.message}`;
      return { messages, end, rest: '' };
    }
    if (this.over) return { messages, end: 'idle', rest: Buffer.from(this.rest).toString('latin1') };
    return { messages, end: this.parser.idle ? 'idle' : 'incomplete', rest: '' };
  }

  private take(piece: Uint8Array): void {
    // Moved each time, as a server's buffers are.
    const bytes = Buffer.concat([AROUND, this.rest, piece, AROUND]);
    const end = bytes.length - AROUND.length;
    let at = AROUND.length;
    while (!this.over && at < end) {
      const taken = this.now === null ? this.takeHead(bytes, at, end) : this.takeBody(this.now, bytes, at, end);
      if (taken === INCOMPLETE) break;
      at += taken;
    }
    this.rest = bytes.subarray(at, end);
  }

  private takeHead(bytes: Buffer, at: number, end: number): number {
    const length = this.parser.parse(bytes, at, end);
    if (length === INCOMPLETE) return INCOMPLETE;
    assert.ok(length > 0 && length <= end - at, `a head of ${length} bytes out of ${end - at}`);
    const now = this.reading();
    this.now = now;
    if (now.body === null) this.finish(now);
    return length;
  }

  private takeBody(now: Reading, bytes: Buffer, at: number, end: number): number {
    const decoder = now.body as BodyDecoder;
    const { target } = this;
    let taken = Math.min(decoder.verbatim, end - at, target.length);
    if (taken > 0 && (end - at) % 2 === 0) {
      this.body += bytes.toString('latin1', at, at + taken);
      decoder.took(taken);
    } else {
      const put = decoder.decode(bytes, at, end, target);
      taken = decoder.consumed;
      assert.ok(put >= 0 && put <= target.length, `${put} bytes put`);
      assert.ok(taken >= 0 && taken <= end - at, `${taken} of ${end - at} taken`);
      this.body += target.toString('latin1', 0, put);
    }
    assert.ok(taken > 0 || decoder.done, 'a decoder with room and bytes took none');
    if (decoder.done) this.finish(now);
    return taken;
  }

  private finish({ line, fields, body, last }: Reading): void {
    this.messages.push({ line, fields: lines(fields), body: this.body, trailers: lines(body?.trailers ?? null) });
    this.over = last;
    this.now = null;
    this.body = '';
  }
}

/** Requests until one that closes, upgrades or makes a tunnel. `room` is how large the buffer for content is. */
export function readRequests(pieces: readonly Uint8Array[], room = 64): Outcome {
  const parser = new RequestParser();
  return new Connection(
    parser,
    () => {
      const { head } = parser;
      return {
        line: [head.method, head.target, head.minor],
        fields: head.fields,
        body: requestBody(head),
        last: !head.keepAlive || head.method === 'CONNECT' || head.upgrade !== null,
      };
    },
    room,
  ).read(pieces);
}

/** Responses to requests of this method, until one that closes or goes on until the end. */
export function readResponses(pieces: readonly Uint8Array[], method = 'GET', room = 64): Outcome {
  const parser = new ResponseParser();
  return new Connection(
    parser,
    () => {
      const { head } = parser;
      return {
        line: [head.minor, head.status, head.reason],
        fields: head.fields,
        body: responseBody(head, method),
        last: !head.keepAlive || head.upgrade !== null,
      };
    },
    room,
  ).read(pieces);
}

/** Text as bytes, one each character. */
export const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
