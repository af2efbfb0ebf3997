/**
 * ResponseParser: the head of a response from bytes (RFC 9112 4 and 5), in one pass, strictly. Heads of 1xx come one by one, like the others.
 *
 * What must hold: as for the RequestParser.
 */
import { HttpError } from '../error.ts';
import { CR, LF, SP, VALUE } from './bytes.ts';
import { FieldSection, INCOMPLETE, refuseByte } from './field-section.ts';
import { CHUNKED, ENCODED } from './framing.ts';
import { latin1 } from './latin1.ts';
import { checkLimits, type HeadLimits } from './limits.ts';
import { ResponseHead } from './response-head.ts';
import { minorOf, scanVersion, VERSION_BYTES } from './version.ts';

export { INCOMPLETE } from './field-section.ts';

const VERSION = 0;
const STATUS = 1;
const REASON = 2;
const LINE_FEED = 3;
const FIELDS = 4;

/** `HTTP/1.1 200`. */
const STATUS_END = VERSION_BYTES + 4;
const NONE = new ResponseHead('', 0, 0, 1, -1, false, false, false, false);

export class ResponseParser {
  /** The head that was parsed last. */
  head: ResponseHead = NONE;
  private readonly limits: Required<HeadLimits>;
  private readonly section: FieldSection;
  private state = VERSION;
  /** Bytes of this head that have been examined. */
  private seen = 0;
  private reasonEnd = 0;

  /** `target` limits nothing here. Error: BAD_ARGUMENT. */
  constructor(limits: HeadLimits = {}) {
    this.limits = checkLimits(limits);
    this.section = new FieldSection('response', this.limits.fields);
  }

  /** Nothing of a response has come. */
  get idle(): boolean {
    return this.seen === 0;
  }

  reset(): void {
    this.state = VERSION;
    this.seen = 0;
    this.section.reset();
  }

  /**
   * As RequestParser's.
   *
   * Errors: HTTP_SYNTAX, HTTP_FRAMING, HTTP_FIELDS_TOO_LARGE, HTTP_VERSION, HTTP_NOT_IMPLEMENTED.
   */
  parse(bytes: Uint8Array, start: number, end: number): number {
    const last = start + this.limits.head;
    const stop = end < last ? end : last;
    let at = start + this.seen;
    if (this.state !== FIELDS) {
      at = this.statusLine(bytes, start, at, stop);
      if (at === INCOMPLETE) return this.incomplete(start, stop, last);
    }
    at = this.section.scan(bytes, start, at, stop);
    if (at === INCOMPLETE) return this.incomplete(start, stop, last);
    this.head = this.finish(bytes, start, at);
    this.reset();
    return at - start;
  }

  private incomplete(start: number, stop: number, last: number): number {
    this.seen = stop - start;
    if (stop < last) return INCOMPLETE;
    throw new HttpError('HTTP_FIELDS_TOO_LARGE', `the head is longer than ${this.limits.head} bytes`);
  }

  /** RFC 9112 4: version SP status SP reason CRLF. The index behind it, or INCOMPLETE. */
  private statusLine(bytes: Uint8Array, start: number, from: number, stop: number): number {
    let at = from;
    if (this.state === VERSION) {
      at = scanVersion(bytes, start, start, at, stop);
      if (at === stop) return INCOMPLETE;
      this.state = STATUS;
    }
    if (this.state === STATUS) {
      for (; at < start + STATUS_END; at++) {
        if (at === stop) return INCOMPLETE;
        const byte = bytes[at] as number;
        const place = at - start - VERSION_BYTES;
        const least = place === 1 ? 0x31 : 0x30;
        if (place === 0 ? byte === SP : byte >= least && byte <= 0x39) continue;
        refuseByte(bytes, start, at, 'in the status', 'RFC 9112 4');
      }
      if (at === stop) return INCOMPLETE;
      // Servers leave out the space with the reason, against the grammar; nothing can be mistaken there.
      if (bytes[at] !== SP && bytes[at] !== CR) refuseByte(bytes, start, at, 'after the status', 'RFC 9112 4');
      this.state = REASON;
    }
    if (this.state === REASON) {
      while (at < stop && VALUE[bytes[at] as number] === 1) at++;
      if (at === stop) return INCOMPLETE;
      if (bytes[at] !== CR) refuseByte(bytes, start, at, 'in the reason', 'RFC 9112 4');
      this.reasonEnd = at - start;
      at++;
      this.state = LINE_FEED;
    }
    if (at === stop) return INCOMPLETE;
    if (bytes[at] !== LF) refuseByte(bytes, start, at, 'after CR', 'RFC 9112 2.2');
    this.state = FIELDS;
    return at + 1;
  }

  private finish(bytes: Uint8Array, start: number, end: number): ResponseHead {
    const { framing } = this.section;
    const minor = minorOf(bytes, start);
    const digits = start + VERSION_BYTES + 1;
    const digit = (place: number): number => (bytes[digits + place] as number) - 0x30;
    framing.check(minor);
    return new ResponseHead(
      latin1(bytes, start, end),
      digit(0) * 100 + digit(1) * 10 + digit(2),
      this.reasonEnd,
      minor,
      framing.contentLength,
      (framing.flags & CHUNKED) !== 0,
      framing.keepsAlive(minor),
      framing.upgrades(minor),
      (framing.flags & ENCODED) !== 0,
    );
  }
}
