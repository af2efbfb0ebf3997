/**
 * What goes out is checked here: methods, targets, reasons, names and values; and the framing of chunks, and the date, are written.
 *
 * What must hold: no checked text holds CR, LF, NUL or a character outside latin1, so that none can end its line (response splitting,
 * RFC 9110 5.5) or become other bytes on the way out.
 */
import { HttpError } from '../error.ts';
import { HTAB, SP, TARGET, TOKEN, VALUE } from './bytes.ts';

function isAll(table: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    // A code above 255 is outside the table: undefined.
    if (table[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}

/** RFC 9110 5.6.2. */
export function isToken(text: string): boolean {
  return text.length > 0 && isAll(TOKEN, text);
}

/** A name of a field (RFC 9110 5.1). Error: HTTP_BAD_FIELD. */
export function checkFieldName(name: string): void {
  if (typeof name === 'string' && isToken(name)) return;
  throw new HttpError('HTTP_BAD_FIELD', `not a field name: ${quote(name)} (RFC 9110 5.1)`);
}

/** A value of a field (RFC 9110 5.5), without the white space around it. Error: HTTP_BAD_FIELD; its message does not show the value, which may be a secret. */
export function checkFieldValue(name: string, value: string): string {
  if (typeof value !== 'string') {
    throw new HttpError('HTTP_BAD_FIELD', `the value of ${name} is not a string but ${typeof value}`);
  }
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (VALUE[code] !== 1) {
      const what =
        code > 0xff ? 'a character outside latin1' : `the control character 0x${code.toString(16).padStart(2, '0')}`;
      throw new HttpError('HTTP_BAD_FIELD', `the value of ${name} has ${what} at ${i} (RFC 9110 5.5)`);
    }
  }
  return trimBlanks(value, 0, value.length);
}

/** text[from, to) without the SP and HTAB around it (RFC 9110 5.5); `trim` would take obs-text as well. */
export function trimBlanks(text: string, from: number, to: number): string {
  let first = from;
  let last = to;
  while (first < last && isBlank(text.charCodeAt(first))) first++;
  while (first < last && isBlank(text.charCodeAt(last - 1))) last--;
  return text.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}

/** A reason phrase (RFC 9112 4); may be empty. Error: HTTP_BAD_FIELD. */
export function checkReason(reason: string): void {
  if (typeof reason === 'string' && isAll(VALUE, reason)) return;
  throw new HttpError('HTTP_BAD_FIELD', `not a reason phrase: ${quote(reason)} (RFC 9112 4)`);
}

/** A method (RFC 9110 9.1). Error: HTTP_BAD_FIELD. */
export function checkMethod(method: string): void {
  if (typeof method === 'string' && isToken(method)) return;
  throw new HttpError('HTTP_BAD_FIELD', `not a method: ${quote(method)} (RFC 9110 9.1)`);
}

/** A request target, of whatever form (RFC 9112 3.2): no white space, no control, no fragment, nothing outside ASCII. Error: HTTP_BAD_FIELD. */
export function checkTarget(target: string): void {
  if (typeof target === 'string' && target.length > 0 && isAll(TARGET, target)) return;
  throw new HttpError('HTTP_BAD_FIELD', `not a request target: ${quote(target)} (RFC 9112 3.2)`);
}

/** For a message: a short beginning, with nothing in it that could break a line of a log. */
function quote(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
    : typeof value;
}

/** What precedes a chunk of so many bytes (RFC 9112 7.1); CRLF follows it. Never for 0, which would end the body. */
export function chunkHead(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/** The end of a chunked body without trailers. */
export const LAST_CHUNK = '0\r\n\r\n';

let second = Number.NaN;
let text = '';

/** The Date field's value (RFC 9110 5.6.7) for a time in milliseconds since 1970; made once a second. */
export function dateText(now: number): string {
  const floor = Math.floor(now / 1000);
  if (floor !== second) {
    second = floor;
    text = new Date(floor * 1000).toUTCString();
  }
  return text;
}
