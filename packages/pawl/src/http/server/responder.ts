/**
 * Responder: writes answers into a connection's outbound bytes, framed as the request at hand allows.
 *
 * What must hold: exactly one final answer a request. Its framing is right for the version and the method (RFC 9112, 6): a HEAD has no
 * content, whatever the handler gave; content of unknown length goes in chunks to a client that knows them, and otherwise ends with the
 * connection. `keepAlive` says after it whether the connection can go on.
 */
import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import type { Outbound } from '../connection/outbound.ts';
import { checkReason } from '../wire/encode.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { type AnswerHead, isBodyless } from './answer.ts';
import type { DateLines } from './date.ts';

/** Text up to this length is written here, one character after the other; longer text is left to the engine's own encoder. */
const SHORT = 128;

const TEXT = 'Content-Type: text/plain;charset=utf-8\r\n';
const BYTES = 'Content-Type: application/octet-stream\r\n';

/** How the content of an answer that comes in pieces is framed. */
export type Framing = 'chunked' | 'length' | 'close' | 'none';

export class Responder {
  private readonly outbound: Outbound;
  private minor = 1;
  private head = false;
  /** The connection can carry another exchange after this one. */
  keepAlive = true;
  /** The final answer's head has been written. */
  begun = false;
  /** Its status, 0 before it has begun. */
  status = 0;

  constructor(outbound: Outbound) {
    this.outbound = outbound;
  }

  /** A new request. */
  start(request: RequestHead, keepAlive: boolean): void {
    this.minor = request.minor;
    this.head = request.method === 'HEAD';
    this.keepAlive = keepAlive;
    this.begun = false;
    this.status = 0;
  }

  /** A request that could not even be read: the answer is the connection's last. */
  startBroken(): void {
    this.minor = 1;
    this.head = false;
    this.keepAlive = false;
    this.begun = false;
    this.status = 0;
  }

  /** 200 and plain text. */
  text(body: string, lines: DateLines): void {
    if (!this.short(TEXT, body, lines)) this.whole(200, '', null, body, lines);
  }

  /**
   * 200 with short content in ASCII, which most answers are: the bytes of their beginning are remembered, and no string is made of the head.
   * False, and nothing done, when it is another one.
   */
  private short(own: string, body: string, lines: DateLines): boolean {
    const { length } = body;
    if (!this.keepAlive || this.minor === 0 || this.head || length > SHORT) return false;
    const beginning = lines.beginning(own);
    if (beginning === null) return false;
    const { outbound } = this;
    const bytes = outbound.reserve(beginning.length + SHORT + 8);
    bytes.set(beginning, outbound.end);
    let at = outbound.end + beginning.length;
    if (length >= 100) bytes[at++] = 0x30 + ((length / 100) | 0);
    if (length >= 10) bytes[at++] = 0x30 + (((length / 10) | 0) % 10);
    bytes[at++] = 0x30 + (length % 10);
    bytes[at++] = 0x0d;
    bytes[at++] = 0x0a;
    bytes[at++] = 0x0d;
    bytes[at++] = 0x0a;
    for (let i = 0; i < length; i++) {
      const code = body.charCodeAt(i);
      // More bytes than characters.
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    outbound.end = at;
    this.begun = true;
    this.status = 200;
    return true;
  }

  /** An answer whose content is there. */
  whole(
    status: number,
    reason: string,
    head: AnswerHead | null,
    body: string | Uint8Array | null,
    lines: DateLines,
  ): void {
    if (typeof body === 'string' && status === 200 && reason === '' && head !== null && head.plain) {
      if (this.short(head.lines, body, lines)) return;
    }
    const bodyless = isBodyless(status);
    const length = body === null ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    let framing = '';
    if (body !== null && head?.type !== true && !bodyless) {
      framing = typeof body === 'string' ? TEXT : BYTES;
    }
    if (this.head && body === null && head !== null && head.unknown) {
      // A framework has dropped what GET would give: better no length than a wrong one (RFC 9110, 8.6).
    } else if (!bodyless) {
      // The answer to HEAD, or a 304, may tell a length that it does not have (RFC 9110, 8.6).
      const told = this.head && body === null && head !== null && head.length >= 0 ? head.length : length;
      framing += `Content-Length: ${told}\r\n`;
    } else if (status === 304 && head !== null && head.length >= 0) {
      framing += `Content-Length: ${head.length}\r\n`;
    }
    this.writeHead(status, reason, head, framing, this.connection(head), lines);
    if (body === null || length === 0 || this.head || bodyless) return;
    if (typeof body === 'string') this.outbound.utf8(body, length);
    else this.outbound.add(body);
  }

  /** The head of an answer whose content comes in pieces; `length` bytes of it, or -1. Says how the pieces are framed. */
  begin(status: number, reason: string, head: AnswerHead | null, length: number, lines: DateLines): Framing {
    if (isBodyless(status)) {
      this.writeHead(status, reason, head, '', this.connection(head), lines);
      return 'none';
    }
    if (length >= 0) {
      this.writeHead(status, reason, head, `Content-Length: ${length}\r\n`, this.connection(head), lines);
      return this.head ? 'none' : 'length';
    }
    if (this.minor === 0) {
      this.keepAlive = false;
      this.writeHead(status, reason, head, '', this.connection(head), lines);
      return this.head ? 'none' : 'close';
    }
    this.writeHead(status, reason, head, 'Transfer-Encoding: chunked\r\n', this.connection(head), lines);
    return this.head ? 'none' : 'chunked';
  }

  /** The head of an answer after which another protocol is spoken. */
  switch(status: number, reason: string, head: AnswerHead | null, protocol: string | null, lines: DateLines): void {
    const named = protocol === null || head?.upgrade === true ? '' : `Upgrade: ${protocol}\r\n`;
    this.writeHead(status, reason, head, '', status === 101 ? `Connection: Upgrade\r\n${named}` : '', lines);
    this.keepAlive = false;
  }

  /** An interim answer: RFC 9110, 15.2. Clients before HTTP/1.1 do not know them. */
  interim(status: number): void {
    if (this.minor === 0) return;
    this.outbound.latin1(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n\r\n`);
  }

  /** How the connection goes on. */
  private connection(head: AnswerHead | null): string {
    if (head?.close === true) this.keepAlive = false;
    if (!this.keepAlive) return 'Connection: close\r\n';
    // RFC 9112, 9.3: an HTTP/1.0 client that asked for it is told that the connection stays.
    return this.minor === 0 ? 'Connection: keep-alive\r\n' : '';
  }

  private writeHead(
    status: number,
    reason: string,
    head: AnswerHead | null,
    framing: string,
    connection: string,
    lines: DateLines,
  ): void {
    if (reason !== '') checkReason(reason);
    const phrase = reason === '' ? (STATUS_CODES[status] ?? '') : reason;
    const date = head?.date === true ? '' : lines.line;
    this.outbound.latin1(
      `HTTP/1.1 ${status} ${phrase}\r\n${date}${head === null ? '' : head.lines}${framing}${connection}\r\n`,
    );
    this.begun = true;
    this.status = status;
  }
}
