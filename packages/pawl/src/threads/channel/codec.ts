/**
 * Messages in shared memory: slots of one size, each with a value that fits, or with the word that it is at the port.
 *
 * What must hold: what arrives is what `structuredClone` would give. So only values for which that is plain go here: primitives, and objects and
 * arrays of JSON's kinds, each reached once. It is for speed: `structuredClone`'s own format costs 2 to 8 µs a message, this 0.2 to 1.
 */
import { Buffer } from 'node:buffer';
import { HEADER_BYTES } from './link.ts';

export const SLOT_BYTES = 256;
/** Before a slot's content: its kind and its length. */
const HEAD = 8;
const ROOM = SLOT_BYTES - HEAD;

const AT_PORT = 0;
const UNDEFINED = 1;
const NULL = 2;
const FALSE = 3;
const TRUE = 4;
const NUMBER = 5;
const TEXT = 6;
const JSON_TEXT = 7;

/** What `read` gives for a value that is at the port. */
export const POSTED: unique symbol = Symbol('pawl.POSTED');

export class Slots {
  private readonly mask: number;
  private readonly words: Int32Array<SharedArrayBuffer>;
  private readonly numbers: Float64Array<SharedArrayBuffer>;
  private readonly bytes: Buffer<SharedArrayBuffer>;

  /** `count` is a power of two. */
  constructor(memory: SharedArrayBuffer, count: number) {
    this.mask = count - 1;
    this.words = new Int32Array(memory, HEADER_BYTES);
    this.numbers = new Float64Array(memory, HEADER_BYTES);
    this.bytes = Buffer.from(memory, HEADER_BYTES);
  }

  /** False when the value does not fit: it goes to the port, and {@link writePosted} into the slot. */
  write(position: number, value: unknown): boolean {
    const at = position & this.mask;
    switch (typeof value) {
      case 'number':
        this.numbers[(at * SLOT_BYTES + HEAD) >> 3] = value;
        return this.mark(at, NUMBER);
      case 'string':
        return this.writeText(at, TEXT, value);
      case 'boolean':
        return this.mark(at, value ? TRUE : FALSE);
      case 'undefined':
        return this.mark(at, UNDEFINED);
      case 'object':
        if (value === null) return this.mark(at, NULL);
        return isPlain(value, []) && this.writeText(at, JSON_TEXT, JSON.stringify(value));
      default:
        return false;
    }
  }

  writePosted(position: number): void {
    this.mark(position & this.mask, AT_PORT);
  }

  read(position: number): unknown {
    const at = position & this.mask;
    const word = at * (SLOT_BYTES / 4);
    switch (this.words[word]) {
      case NUMBER:
        return this.numbers[(at * SLOT_BYTES + HEAD) >> 3];
      case TEXT:
        return this.text(at);
      case JSON_TEXT:
        return JSON.parse(this.text(at));
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      default:
        return POSTED;
    }
  }

  private mark(at: number, kind: number): true {
    this.words[at * (SLOT_BYTES / 4)] = kind;
    return true;
  }

  private writeText(at: number, kind: number, text: string): boolean {
    if (text.length > ROOM) return false;
    const from = at * SLOT_BYTES + HEAD;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) return false;
      this.bytes[from + i] = unit;
    }
    this.words[at * (SLOT_BYTES / 4) + 1] = text.length;
    return this.mark(at, kind);
  }

  private text(at: number): string {
    const from = at * SLOT_BYTES + HEAD;
    const length = this.words[at * (SLOT_BYTES / 4) + 1]!;
    return this.bytes.toString('latin1', from, from + length);
  }
}

/** More than so many objects fit into no slot. */
const MOST_OBJECTS = 32;

/** True when JSON's copy of it is the structured clone. `seen`: the objects on the way, none of which may come twice. */
function isPlain(value: unknown, seen: object[]): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      break;
    default:
      return false;
  }
  if (value === null) return true;
  if (seen.length === MOST_OBJECTS || seen.includes(value)) return false;
  seen.push(value);
  const keys = Object.keys(value);
  if (Array.isArray(value)) {
    if (keys.length !== value.length || Object.getPrototypeOf(value) !== Array.prototype) return false;
    return value.every((item) => isPlain(item, seen));
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of keys)
    if (key === 'toJSON' || !isPlain((value as Readonly<Record<string, unknown>>)[key], seen)) return false;
  return true;
}
