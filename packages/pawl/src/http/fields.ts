/**
 * Fields: the header fields of a message, or its trailers: an ordered list of lines, looked up by name in any case.
 *
 * What must hold: what came in is scanned when it is first asked for, from text of its own; what is put in is checked then, so that
 * whatever goes out again can break no line (RFC 9110 5.5: response splitting).
 */
import { checkFieldName, checkFieldValue } from './wire/encode.ts';

/** What {@link Fields.from} takes. A record's array makes one line of each of its values. */
export type FieldsInit =
  | Fields
  | Headers
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[]>>;

/**
 * Header fields, in order. Names are kept as they were written and compared in any case; values are what latin1 can say.
 *
 * @example
 * ```ts
 * import { Fields } from 'pawl/http';
 * const fields = Fields.from({ 'Content-Type': 'text/plain', Vary: ['Origin', 'Accept'] });
 * console.log(fields.get('content-type'), fields.get('vary'), fields.size); // text/plain Origin, Accept 3
 * ```
 */
export class Fields implements Iterable<readonly [name: string, value: string]> {
  /** Not yet scanned, from `start` on; null once it is in the lists. */
  private text: string | null;
  private readonly start: number;
  private readonly names: string[] = [];
  /** The names in small letters. */
  private readonly keys: string[] = [];
  private readonly values: string[] = [];

  private constructor(text: string | null, start: number) {
    this.text = text;
    this.start = start;
  }

  /**
   * @internal Of the text from `start` on, in latin1: field lines that a parser has accepted, and perhaps the empty line after them.
   */
  static parse(text: string, start = 0): Fields {
    return new Fields(text, start);
  }

  /** A list of one's own, checked and copied. Error: HTTP_BAD_FIELD. */
  static from(init: FieldsInit): Fields {
    const fields = new Fields(null, 0);
    const pairs = Symbol.iterator in init ? init : Object.entries(init);
    for (const [name, value] of pairs as Iterable<readonly [string, string | readonly string[]]>) {
      if (typeof value === 'string') fields.append(name, value);
      else for (const each of value) fields.append(name, each);
    }
    return fields;
  }

  /** The values of all lines of this name, joined by `, `; null if there is none. A set-cookie cannot be joined: use {@link getAll}. */
  get(name: string): string | null {
    const key = name.toLowerCase();
    const { keys, values } = this.scanned();
    const first = keys.indexOf(key);
    if (first < 0) return null;
    let joined = values[first] as string;
    for (let i = keys.indexOf(key, first + 1); i >= 0; i = keys.indexOf(key, i + 1)) joined += `, ${values[i]}`;
    return joined;
  }

  /** The values of all lines of this name, in order. */
  getAll(name: string): readonly string[] {
    const key = name.toLowerCase();
    const { keys, values } = this.scanned();
    return values.filter((_, i) => keys[i] === key);
  }

  /** Whether there is a line of this name. */
  has(name: string): boolean {
    return this.scanned().keys.includes(name.toLowerCase());
  }

  /** One line of this name and no other: in place of the first of them, or at the end. Error: HTTP_BAD_FIELD. */
  set(name: string, value: string): this {
    checkFieldName(name);
    const text = checkFieldValue(name, value);
    const key = name.toLowerCase();
    const { names, keys, values } = this.scanned();
    const first = keys.indexOf(key);
    if (first < 0) return this.append(name, text);
    this.deleteFrom(key, first + 1);
    names[first] = name;
    values[first] = text;
    return this;
  }

  /** One more line, at the end. Error: HTTP_BAD_FIELD. */
  append(name: string, value: string): this {
    checkFieldName(name);
    const text = checkFieldValue(name, value);
    const { names, keys, values } = this.scanned();
    names.push(name);
    keys.push(name.toLowerCase());
    values.push(text);
    return this;
  }

  /** Takes all lines of this name out; whether there were any. */
  delete(name: string): boolean {
    return this.deleteFrom(name.toLowerCase(), 0);
  }

  /** The number of lines. */
  get size(): number {
    return this.scanned().names.length;
  }

  /** The lines in order, names as they were written. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    const { names, values } = this.scanned();
    for (let i = 0; i < names.length; i++) yield [names[i] as string, values[i] as string];
  }

  /** `Name: value` and CRLF for each line, as it goes on the wire in latin1. */
  toText(): string {
    const { names, values } = this.scanned();
    let text = '';
    for (let i = 0; i < names.length; i++) text += `${names[i]}: ${values[i]}\r\n`;
    return text;
  }

  private deleteFrom(key: string, from: number): boolean {
    const { names, keys, values } = this.scanned();
    let kept = from;
    for (let i = from; i < keys.length; i++) {
      if (keys[i] === key) continue;
      names[kept] = names[i] as string;
      keys[kept] = keys[i] as string;
      values[kept] = values[i] as string;
      kept++;
    }
    const found = kept < keys.length;
    names.length = kept;
    keys.length = kept;
    values.length = kept;
    return found;
  }

  private scanned(): this {
    const { text } = this;
    if (text === null) return this;
    for (let at = this.start; at < text.length && text.charCodeAt(at) !== 0x0d;) {
      const colon = text.indexOf(':', at);
      const end = text.indexOf('\r', colon);
      const name = text.slice(at, colon);
      this.names.push(name);
      this.keys.push(name.toLowerCase());
      this.values.push(trimmed(text, colon + 1, end));
      at = end + 2;
    }
    this.text = null;
    return this;
  }
}

/** Without the white space around it (RFC 9110 5.5): SP and HTAB alone, where `trim` would take obs-text as well. */
function trimmed(text: string, from: number, to: number): string {
  let first = from;
  let last = to;
  while (first < last && isBlank(text.charCodeAt(first))) first++;
  while (first < last && isBlank(text.charCodeAt(last - 1))) last--;
  return text.slice(first, last);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
