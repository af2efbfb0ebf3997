/**
 * Domain names: as text, and as the labels of a message (RFC 1035, 3.1 and 4.1.4).
 *
 * What must hold:
 * - As text a name is absolute, without a dot at its end (the root is `''`). Whatever could be taken for something else in a label (a dot,
 *   a backslash, a byte that is no printable ASCII) is escaped (RFC 1035, 5.1), so that different names are different texts.
 * - A label has 1 to 63 bytes, a name at most 255 with its lengths.
 * - A pointer of a compressed name points before the place where it was met, and before every earlier one of the same name: nothing loops.
 */
import { domainToASCII } from 'node:url';

/** A message, or a name, that is none. */
export class Malformed extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'Malformed', configurable: true, writable: true });
  }
}

const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;

/** The name as it is asked for: in ASCII (RFC 5891), without the last dot. Null when there can be no such name. */
export function toName(host: string): string | null {
  const plain = host.endsWith('.') ? host.slice(0, -1) : host;
  // Names of services have underscores, which a URL's host may have as well; what is ASCII already stays as it is.
  // oxlint-disable-next-line no-control-regex -- ASCII begins there
  const ascii = /^[\u0000-\u007F]*$/.test(plain) ? plain : domainToASCII(plain);
  if (ascii === '' || /[\s\0]/.test(ascii)) return null;
  try {
    void encodeName(ascii);
  } catch {
    return null;
  }
  return ascii;
}

/** Names are the same whatever the case of their ASCII letters is (RFC 4343). */
export function sameName(a: string, b: string): boolean {
  return a.length === b.length && foldCase(a) === foldCase(b);
}

/** The name with small letters: of ASCII's only. */
export function foldCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Throws Malformed. */
export function encodeName(name: string): Uint8Array {
  const bytes: number[] = [];
  if (name !== '') for (const label of labelsOf(name)) bytes.push(label.length, ...label);
  bytes.push(0);
  if (bytes.length > LONGEST_NAME) throw new Malformed(`a name has at most ${LONGEST_NAME} bytes: ${name}`);
  return Uint8Array.from(bytes);
}

function labelsOf(name: string): number[][] {
  const labels: number[][] = [[]];
  for (let at = 0; at < name.length; at++) {
    let code = name.charCodeAt(at);
    if (code === DOT) {
      labels.push([]);
      continue;
    }
    if (code === BACKSLASH) {
      const digits = /^\d{3}/.exec(name.slice(at + 1, at + 4))?.[0];
      code = digits === undefined ? name.charCodeAt(at + 1) : Number(digits);
      at += digits === undefined ? 1 : 3;
    }
    if (!(code <= 0xff)) throw new Malformed(`not a name: ${name}`);
    labels.at(-1)!.push(code);
  }
  for (const { length } of labels)
    if (length === 0 || length > LONGEST_LABEL) throw new Malformed(`a label has 1 to ${LONGEST_LABEL} bytes: ${name}`);
  return labels;
}

const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** A name that was read from a message, and where what follows it begins. */
export interface ReadName {
  readonly name: string;
  readonly end: number;
}

/** Reads a name that begins at `start`. Throws Malformed. */
export function decodeName(message: Uint8Array, start: number): ReadName {
  const labels: string[] = [];
  let end = -1;
  let length = 1;
  let at = start;
  /** Pointers must point before it. */
  let before = start;
  for (;;) {
    const size = byteAt(message, at);
    if (size === 0) return { name: labels.join('.'), end: end < 0 ? at + 1 : end };
    if (size >= POINTER) {
      const target = ((size & ~POINTER) << 8) | byteAt(message, at + 1);
      if (target >= before) throw new Malformed(`at ${at} a name points forward, to ${target}`);
      if (end < 0) end = at + 2;
      at = target;
      before = target;
      continue;
    }
    // 0x40 and 0x80 are kinds of labels that do not exist (RFC 6891, 5).
    if (size > LONGEST_LABEL) throw new Malformed(`at ${at} a label has ${size} bytes`);
    length += size + 1;
    if (length > LONGEST_NAME) throw new Malformed(`the name at ${start} has more than ${LONGEST_NAME} bytes`);
    if (at + size >= message.length) throw new Malformed(`the name at ${start} goes beyond the end`);
    labels.push(labelText(message.subarray(at + 1, at + 1 + size)));
    at += size + 1;
  }
}

/** The two high bits. */
const POINTER = 0xc0;

function byteAt(message: Uint8Array, at: number): number {
  const byte = message[at];
  if (byte === undefined) throw new Malformed('a name goes beyond the end');
  return byte;
}

function labelText(label: Uint8Array): string {
  let text = '';
  for (const byte of label) {
    if (byte <= 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`;
    else if (byte === DOT || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`;
    else text += String.fromCharCode(byte);
  }
  return text;
}
