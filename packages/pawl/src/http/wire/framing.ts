/**
 * Framing: what a head's fields say about where its message ends and what becomes of the connection, gathered line by line.
 *
 * What must hold: what two readers could understand differently is refused, never repaired; that is how requests are smuggled
 * (RFC 9112 11.2). Lines are recognised by length and by folded bytes; nothing here makes a string unless it is about to refuse.
 */
import { HttpError } from '../error.ts';
import { COMMA, HTAB, isWord, SP } from './bytes.ts';
import { isHost } from './host.ts';
import { latin1 } from './latin1.ts';

/** Connection has `close`. */
export const CLOSE = 1;
/** Connection has `keep-alive`. */
export const KEEP_ALIVE = 2;
/** Connection has `upgrade`. */
export const UPGRADE = 4;
/** There is an Upgrade field. */
export const UPGRADE_FIELD = 8;
/** Expect is `100-continue`. */
export const CONTINUE = 16;
/** There is a Host field. */
export const HOST_FIELD = 32;
/** There is a Transfer-Encoding whose last coding, so far, is `chunked`. */
export const CHUNKED = 64;
/** There is a Transfer-Encoding with another coding than `chunked`. */
export const OTHER_CODING = 128;
/** There is a Content-Encoding field. */
export const ENCODED = 256;

export type Kind = 'request' | 'response' | 'trailers';

export class Framing {
  private readonly kind: Kind;
  /** The bits above. */
  flags = 0;
  /** -1: there is none. */
  contentLength = -1;

  constructor(kind: Kind) {
    this.kind = kind;
  }

  reset(): void {
    this.flags = 0;
    this.contentLength = -1;
  }

  /** Takes a line: its name in bytes[name, colon), its value in bytes[colon + 1, end). `base` is where offsets count from. */
  take(bytes: Uint8Array, base: number, name: number, colon: number, end: number): void {
    let from = colon + 1;
    let to = end;
    switch (colon - name) {
      case 4:
        if (!isWord(bytes, name, colon, 'host')) return;
        break;
      case 6:
        if (!isWord(bytes, name, colon, 'expect')) return;
        break;
      case 7:
        if (isWord(bytes, name, colon, 'upgrade')) this.flags |= UPGRADE_FIELD;
        return;
      case 10:
        if (!isWord(bytes, name, colon, 'connection')) return;
        break;
      case 14:
        if (!isWord(bytes, name, colon, 'content-length')) return;
        break;
      case 16:
        if (isWord(bytes, name, colon, 'content-encoding')) this.flags |= ENCODED;
        return;
      case 17:
        if (!isWord(bytes, name, colon, 'transfer-encoding')) return;
        break;
      default:
        return;
    }
    while (from < to && isBlank(bytes[from])) from++;
    while (from < to && isBlank(bytes[to - 1])) to--;
    const at = from - base;
    switch (colon - name) {
      case 4:
        this.host(bytes, from, to, at);
        return;
      case 6:
        // Any other expectation may be answered with 417 or passed over (RFC 9110 10.1.1): the server's choice, from the fields.
        if (isWord(bytes, from, to, '100-continue')) this.flags |= CONTINUE;
        return;
      case 10:
        this.connection(bytes, from, to);
        return;
      case 14:
        this.length(bytes, from, to, at);
        return;
      default:
        this.codings(bytes, from, to, at);
    }
  }

  /** RFC 9112 3.2: one line, valid. */
  private host(bytes: Uint8Array, from: number, to: number, at: number): void {
    if (this.kind === 'response') return;
    this.refuseInTrailers('Host', at);
    if ((this.flags & HOST_FIELD) !== 0)
      throw new HttpError('HTTP_SYNTAX', `a second Host, at byte ${at} (RFC 9112 3.2)`);
    if (!isHost(bytes, from, to)) throw new HttpError('HTTP_SYNTAX', `an invalid Host at byte ${at} (RFC 9112 3.2)`);
    this.flags |= HOST_FIELD;
  }

  /** RFC 9110 7.6.1: a list of names in any case, over any number of lines. */
  private connection(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      let end = at;
      while (end < to && bytes[end] !== COMMA) end++;
      let first = at;
      let last = end;
      while (first < last && isBlank(bytes[first])) first++;
      while (first < last && isBlank(bytes[last - 1])) last--;
      if (isWord(bytes, first, last, 'close')) this.flags |= CLOSE;
      else if (isWord(bytes, first, last, 'keep-alive')) this.flags |= KEEP_ALIVE;
      else if (isWord(bytes, first, last, 'upgrade')) this.flags |= UPGRADE;
      at = end;
    }
  }

  /**
   * RFC 9110 8.6: digits alone. Equal values in a list or in several lines may be refused or merged; they are refused, since nobody
   * who means well sends them.
   */
  private length(bytes: Uint8Array, from: number, to: number, at: number): void {
    this.refuseInTrailers('Content-Length', at);
    if (this.contentLength !== -1) {
      throw new HttpError('HTTP_FRAMING', `a second Content-Length, at byte ${at} (RFC 9112 6.3)`);
    }
    let value = from === to ? Number.NaN : 0;
    for (let i = from; i < to; i++) {
      const digit = (bytes[i] as number) - 0x30;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
    }
    // Whole numbers are exact up to here: what is larger has been rounded, and is refused with what is no number.
    if (!(value <= Number.MAX_SAFE_INTEGER)) {
      throw new HttpError('HTTP_FRAMING', `an invalid Content-Length at byte ${at} (RFC 9110 8.6)`);
    }
    this.contentLength = value;
  }

  /** RFC 9112 6.1: `chunked` once and last. Other codings are remembered, to be refused as not implemented when the head is complete. */
  private codings(bytes: Uint8Array, from: number, to: number, at: number): void {
    this.refuseInTrailers('Transfer-Encoding', at);
    if (this.flags & (CHUNKED | OTHER_CODING) || !isWord(bytes, from, to, 'chunked')) {
      for (const coding of latin1(bytes, from, to).toLowerCase().split(',')) {
        this.coding(coding, at);
      }
      return;
    }
    this.flags |= CHUNKED;
  }

  private coding(coding: string, at: number): void {
    const name = /^[ \t]*([-!#$%&'*+.^_`|~\da-z]+)[ \t]*(;|$)/.exec(coding);
    // Empty members of the list as well, which a reader of lists might pass over (RFC 9110 5.6.1): nobody needs them here.
    // `chunked` has no parameters (RFC 9112 7.1).
    if (name === null || (name[1] === 'chunked' && name[2] === ';')) {
      throw new HttpError('HTTP_FRAMING', `an invalid Transfer-Encoding at byte ${at} (RFC 9112 6.1)`);
    }
    if ((this.flags & CHUNKED) !== 0) {
      throw new HttpError('HTTP_FRAMING', `Transfer-Encoding goes on after chunked, at byte ${at} (RFC 9112 6.1)`);
    }
    this.flags |= name[1] === 'chunked' ? CHUNKED : OTHER_CODING;
  }

  /** RFC 9110 6.5.1: what frames or routes a message cannot come behind it. */
  private refuseInTrailers(name: string, at: number): void {
    if (this.kind === 'trailers') {
      throw new HttpError('HTTP_FRAMING', `${name} among the trailers, at byte ${at} (RFC 9110 6.5.1)`);
    }
  }

  /** What must hold of the whole head. */
  check(minor: number): void {
    if ((this.flags & (CHUNKED | OTHER_CODING)) !== 0) this.checkCodings(minor);
  }

  private checkCodings(minor: number): void {
    // Whoever knows HTTP/1.0 alone reads another message than we do (RFC 9112 6.1).
    if (minor === 0) throw new HttpError('HTTP_FRAMING', 'Transfer-Encoding in HTTP/1.0 (RFC 9112 6.1)');
    if (this.contentLength !== -1) {
      throw new HttpError('HTTP_FRAMING', 'both Transfer-Encoding and Content-Length (RFC 9112 6.1, 6.3)');
    }
    if ((this.flags & OTHER_CODING) === 0) return;
    // A response like that goes on until its connection ends (RFC 9112 6.3), in a coding that nobody here knows.
    if (this.kind === 'request' && (this.flags & CHUNKED) === 0) {
      throw new HttpError('HTTP_FRAMING', 'chunked is not the last transfer coding (RFC 9112 6.3)');
    }
    throw new HttpError('HTTP_NOT_IMPLEMENTED', 'a transfer coding other than chunked (RFC 9112 6.1)');
  }

  /** RFC 9112 9.3. */
  keepsAlive(minor: number): boolean {
    if ((this.flags & CLOSE) !== 0) return false;
    return minor === 1 || (this.flags & KEEP_ALIVE) !== 0;
  }

  /** RFC 9110 7.8: an Upgrade counts if Connection names it, and not in HTTP/1.0. */
  upgrades(minor: number): boolean {
    return (this.flags & (UPGRADE | UPGRADE_FIELD)) === (UPGRADE | UPGRADE_FIELD) && minor === 1;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}
