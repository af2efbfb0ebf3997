/**
 * ChunkedDecoder: content that comes in chunks (RFC 9112 7.1), byte by byte, with its trailers.
 *
 * What must hold: a size is hexadecimal digits and nothing else; CR and LF come as a pair, after a size, after its data and at the end.
 * What a reader could pass over between those is refused: there the next request would hide.
 */
import { PawlError } from '../../error/index.ts';
import { HttpError } from '../error.ts';
import { Fields } from '../fields.ts';
import type { BodyDecoder } from './body-decoder.ts';
import { CR, HEX, LF, SEMICOLON } from './bytes.ts';
import { END, INVALID, NAME_FIRST, nextInExtension } from './chunk-extension.ts';
import { copyBytes } from './copy-bytes.ts';
import { FieldSection, INCOMPLETE, refuseByte } from './field-section.ts';
import { latin1 } from './latin1.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS = 6;
const LAST_LF = 7;
const DONE = 8;

/** More digits than any size that can be counted exactly has, zeros before them included. */
const MOST_DIGITS = 16;
/** Of one chunk, and of the whole body (RFC 9112 7.1.1: a server ought to limit them). Nobody is known to use them. */
const MOST_EXTENSION = 256;
const MOST_EXTENSIONS = 4096;
const MOST_TRAILER_BYTES = 8192;
const MOST_TRAILERS = 100;
const NOTHING = Buffer.alloc(0);

export class ChunkedDecoder implements BodyDecoder {
  consumed = 0;
  trailers: Fields | null = null;
  private state = SIZE;
  /** Bytes of the coding that came before this call, for messages. */
  private offset = 0;
  private size = 0;
  private digits = 0;
  private extension = NAME_FIRST;
  private extensionBytes = 0;
  private extensions = 0;
  /** Of the chunk in hand. */
  private left = 0;
  private section: FieldSection | null = null;
  private sectionAt = 0;
  /** The trailers so far. */
  private kept: Buffer = NOTHING;
  private keptLength = 0;

  get done(): boolean {
    return this.state === DONE;
  }

  get verbatim(): number {
    return this.state === DATA ? this.left : 0;
  }

  took(count: number): void {
    this.offset += count;
    this.left -= count;
    if (this.state === DATA && this.left === 0) this.state = DATA_CR;
  }

  end(): void {
    if (this.state !== DONE) {
      throw new PawlError('UNEXPECTED_EOF', 'the connection ended before the last chunk (RFC 9112 8)');
    }
  }

  decode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
    const base = start - this.offset;
    let at = start;
    let put = 0;
    while (at < end && this.state !== DONE) {
      if (this.state === DATA) {
        const count = Math.min(this.left, end - at, target.length - put);
        if (count === 0) break;
        copyBytes(source, at, target, put, count);
        at += count;
        put += count;
        this.left -= count;
        if (this.left === 0) this.state = DATA_CR;
      } else if (this.state === TRAILERS) {
        at = this.takeTrailers(source, base, at, end);
      } else {
        this.takeByte(source, base, at);
        at++;
      }
    }
    this.consumed = at - start;
    this.offset += at - start;
    return put;
  }

  private takeByte(source: Uint8Array, base: number, at: number): void {
    const byte = source[at] as number;
    switch (this.state) {
      case SIZE:
        this.takeDigit(source, base, at);
        return;
      case EXTENSION:
        this.extension = nextInExtension(this.extension, byte);
        if (this.extension === INVALID) refuseByte(source, base, at, 'in a chunk extension', 'RFC 9112 7.1.1');
        if (this.extension === END) this.state = SIZE_LF;
        else this.countExtension(at - base);
        return;
      case SIZE_LF:
        if (byte !== LF) refuseByte(source, base, at, 'after CR', 'RFC 9112 7.1');
        this.left = this.size;
        this.state = this.size > 0 ? DATA : TRAILERS;
        this.size = 0;
        this.digits = 0;
        this.extensionBytes = 0;
        return;
      case DATA_CR:
        if (byte !== CR) refuseByte(source, base, at, "after a chunk's data", 'RFC 9112 7.1');
        this.state = DATA_LF;
        return;
      default:
        if (byte !== LF) refuseByte(source, base, at, 'after CR', 'RFC 9112 7.1');
        this.state = this.state === LAST_LF ? DONE : SIZE;
    }
  }

  private takeDigit(source: Uint8Array, base: number, at: number): void {
    const byte = source[at] as number;
    const digit = HEX[byte] as number;
    if (digit >= 0) {
      this.size = this.size * 16 + digit;
      this.digits++;
      if (this.digits > MOST_DIGITS || this.size > Number.MAX_SAFE_INTEGER) {
        throw new HttpError('HTTP_FRAMING', `a chunk size that overflows, at byte ${at - base} (RFC 9112 7.1)`);
      }
    } else if (this.digits > 0 && byte === CR) {
      this.state = SIZE_LF;
    } else if (this.digits > 0 && byte === SEMICOLON) {
      this.state = EXTENSION;
      this.extension = NAME_FIRST;
      this.countExtension(at - base);
    } else {
      refuseByte(source, base, at, 'in a chunk size', 'RFC 9112 7.1');
    }
  }

  private countExtension(at: number): void {
    this.extensionBytes++;
    this.extensions++;
    if (this.extensionBytes > MOST_EXTENSION || this.extensions > MOST_EXTENSIONS) {
      throw new HttpError('HTTP_BODY_TOO_LARGE', `too many chunk extensions, at byte ${at} (RFC 9112 7.1.1)`);
    }
  }

  /**
   * RFC 9112 7.1.2. The source is not the decoder's: an unfinished section is kept in memory of its own, which a body without
   * trailers never needs. The index behind what was taken.
   */
  private takeTrailers(source: Uint8Array, base: number, at: number, end: number): number {
    if (this.section === null) {
      if (source[at] === CR) {
        this.state = LAST_LF;
        return at + 1;
      }
      this.section = new FieldSection('trailers', MOST_TRAILERS);
      this.sectionAt = at - base;
    }
    const seen = this.keptLength;
    const stop = Math.min(seen + end - at, MOST_TRAILER_BYTES);
    if (stop > this.kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(256, 2 * stop), MOST_TRAILER_BYTES));
      larger.set(this.kept.subarray(0, seen));
      this.kept = larger;
    }
    this.kept.set(source.subarray(at, at + stop - seen), seen);
    this.keptLength = stop;
    const last = this.section.scan(this.kept, -this.sectionAt, seen, stop);
    if (last === INCOMPLETE) {
      if (stop === MOST_TRAILER_BYTES) {
        throw new HttpError('HTTP_FIELDS_TOO_LARGE', `more than ${MOST_TRAILER_BYTES} bytes of trailers (RFC 6585 5)`);
      }
      return end;
    }
    this.trailers = Fields.parse(latin1(this.kept, 0, last));
    this.kept = NOTHING;
    this.state = DONE;
    return at + last - seen;
  }
}
