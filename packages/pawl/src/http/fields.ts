/**
 * Fields: the header fields of a message, or its trailers: an ordered list of lines, looked up by name in any case.
 *
 * What must hold: what came in is scanned when it is first asked for, from text of its own; what is put in is checked then, so that
 * whatever goes out again can break no line (RFC 9110 5.5: response splitting).
 */
import { COLON, CR } from './wire/bytes.ts';
import { checkFieldName, checkFieldValue, trimBlanks } from './wire/encode.ts';

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
  /** Lines that came in, from `start` on; null once they are in the lists. */
  private text: string | null;
  private readonly start: number;
  private readonly names: string[] = [];
  private readonly values: string[] = [];

  private constructor(text: string | null, start: number) {
    this.text = text;
    this.start = start;
  }

  /** @internal Of the text from `start` on, in latin1: lines that a parser has accepted, and perhaps the empty line behind them. */
  static parse(text: string, start = 0): Fields {
    return new Fields(text, start);
  }

  /** A list of one's own, checked and copied. Error: HTTP_BAD_FIELD. */
  static from(init: FieldsInit): Fields {
    const fields = new Fields(null, 0);
    if (init instanceof Fields) {
      init.toLists();
      fields.names.push(...init.names);
      fields.values.push(...init.values);
      return fields;
    }
    if (Symbol.iterator in init) {
      for (const [name, value] of init as Iterable<readonly [string, string]>) fields.append(name, value);
      return fields;
    }
    for (const name of Object.keys(init)) {
      const value = init[name] as string | readonly string[];
      if (typeof value === 'string' || !Array.isArray(value)) fields.append(name, value as string);
      else for (const each of value as readonly string[]) fields.append(name, each);
    }
    return fields;
  }

  /** The values of all lines of this name, joined by `, `; null if there is none. Of set-cookie, which cannot be joined, use {@link getAll}. */
  get(name: string): string | null {
    const { text } = this;
    // Few handlers ask for more than one or two: of a browser's twelve lines, a look into the text takes 140 ns, a list of them 520.
    let at = text === null ? this.indexOf(name, 0) : seek(text, this.start, name);
    if (at < 0) return null;
    let joined = text === null ? (this.values[at] as string) : valueAt(text, at + name.length);
    for (;;) {
      at = text === null ? this.indexOf(name, at + 1) : seek(text, nextLine(text, at), name);
      if (at < 0) return joined;
      joined += `, ${text === null ? this.values[at] : valueAt(text, at + name.length)}`;
    }
  }

  /** The values of all lines of this name, in order. */
  getAll(name: string): readonly string[] {
    this.toLists();
    return this.values.filter((_, i) => isSame(this.names[i] as string, name));
  }

  /** Whether there is a line of this name. */
  has(name: string): boolean {
    const { text } = this;
    return (text === null ? this.indexOf(name, 0) : seek(text, this.start, name)) >= 0;
  }

  /** One line of this name and no other: in place of the first of them, or at the end. Error: HTTP_BAD_FIELD. */
  set(name: string, value: string): this {
    checkFieldName(name);
    const checked = checkFieldValue(name, value);
    this.toLists();
    const first = this.indexOf(name, 0);
    const at = first < 0 ? this.names.length : first;
    if (first >= 0) this.deleteFrom(name, first + 1);
    this.names[at] = name;
    this.values[at] = checked;
    return this;
  }

  /** One more line, at the end. Error: HTTP_BAD_FIELD. */
  append(name: string, value: string): this {
    checkFieldName(name);
    const checked = checkFieldValue(name, value);
    this.toLists();
    this.names.push(name);
    this.values.push(checked);
    return this;
  }

  /** Takes all lines of this name out; whether there were any. */
  delete(name: string): boolean {
    this.toLists();
    return this.deleteFrom(name, 0);
  }

  /** The number of lines. */
  get size(): number {
    this.toLists();
    return this.names.length;
  }

  /** The lines in order, names as they were written. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    this.toLists();
    const { names, values } = this;
    for (let i = 0; i < names.length; i++) yield [names[i] as string, values[i] as string];
  }

  /** `Name: value` and CRLF for each line, as it goes on the wire in latin1. */
  toText(): string {
    this.toLists();
    const { names, values } = this;
    let text = '';
    for (let i = 0; i < names.length; i++) text += `${names[i]}: ${values[i]}\r\n`;
    return text;
  }

  private indexOf(name: string, from: number): number {
    const { names } = this;
    for (let i = from; i < names.length; i++) if (isSame(names[i] as string, name)) return i;
    return -1;
  }

  private deleteFrom(name: string, from: number): boolean {
    const { names, values } = this;
    let kept = from;
    for (let i = from; i < names.length; i++) {
      if (isSame(names[i] as string, name)) continue;
      names[kept] = names[i] as string;
      values[kept] = values[i] as string;
      kept++;
    }
    const found = kept < names.length;
    names.length = kept;
    values.length = kept;
    return found;
  }

  private toLists(): void {
    const { text } = this;
    if (text === null) return;
    this.text = null;
    for (let at = this.start; hasLine(text, at); at = nextLine(text, at)) {
      const colon = text.indexOf(':', at);
      this.names.push(text.slice(at, colon));
      this.values.push(valueAt(text, colon));
    }
  }
}

/** Where the next line of this name begins, from a line's beginning on; -1 if there is none. */
function seek(text: string, from: number, name: string): number {
  const { length } = name;
  for (let at = from; hasLine(text, at); at = nextLine(text, at)) {
    if (text.charCodeAt(at + length) !== COLON) continue;
    let i = 0;
    while (i < length && isSameCode(text.charCodeAt(at + i), name.charCodeAt(i))) i++;
    // A "name" with a colon in it would reach into the value.
    if (i === length && text.indexOf(':', at) === at + length) return at;
  }
  return -1;
}

function hasLine(text: string, at: number): boolean {
  return at < text.length && text.charCodeAt(at) !== CR;
}

function nextLine(text: string, at: number): number {
  return text.indexOf('\n', at) + 1;
}

/** The value behind a line's colon, without the white space around it. */
function valueAt(text: string, colon: number): string {
  return trimBlanks(text, colon + 1, text.indexOf('\r', colon));
}

function isSame(name: string, other: string): boolean {
  if (name.length !== other.length) return false;
  for (let i = 0; i < name.length; i++) if (!isSameCode(name.charCodeAt(i), other.charCodeAt(i))) return false;
  return true;
}

function isSameCode(a: number, b: number): boolean {
  if (a === b) return true;
  const folded = a | 0x20;
  return folded === (b | 0x20) && folded >= 0x61 && folded <= 0x7a;
}
