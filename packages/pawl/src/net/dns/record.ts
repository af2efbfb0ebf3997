/**
 * Resource records: their types, and what their data is (RFC 1035, 3.3; RFC 3596; RFC 2782).
 *
 * What must hold: the data is read to its last byte, no more and no less. What is of no known type, or of another class than the internet's,
 * is kept as bytes.
 */
import { formatIp } from './ip.ts';
import { decodeName, Malformed } from './name.ts';

/** Types by their names. */
export const TYPES = { A: 1, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, OPT: 41 } as const;

/** The kinds of records that can be asked for. */
export type QueryType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'PTR' | 'SRV' | 'TXT';

/** `A`, or a number. */
export function typeName(type: number): string {
  return Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? `TYPE${type}`;
}

/** The internet's class. */
export const IN = 1;

/** A server for a service, as an SRV record names it. The lowest `priority` comes first, and among equals the greater `weight` more often. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** A server that takes a domain's mail. */
export interface MxRecord {
  readonly exchange: string;
  /** The lowest comes first. */
  readonly priority: number;
}

/** What of the beginning of a zone matters to those who ask: for how long there is nothing (RFC 2308, 4). */
export interface SoaRecord {
  readonly minimum: number;
}

/** What the data of a record of each kind is. */
export interface DataOf {
  readonly A: string;
  readonly AAAA: string;
  readonly CNAME: string;
  readonly PTR: string;
  readonly MX: MxRecord;
  readonly SRV: SrvRecord;
  /** The strings of a record, as text. */
  readonly TXT: readonly string[];
  readonly SOA: SoaRecord;
}

/** A record of an answer. */
export interface ResourceRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds for which it may be kept. */
  readonly ttl: number;
  readonly data: DataOf[keyof DataOf] | Uint8Array;
}

/** Reads the data at `start`, `length` bytes of the message. Throws Malformed. */
export function decodeData(message: Uint8Array, type: number, start: number, length: number): ResourceRecord['data'] {
  const end = start + length;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const bytes = message.subarray(start, end);
  const nameUpTo = (at: number): string => {
    const { name, end: after } = decodeName(message, at);
    if (after !== end) throw wrongLength(type, length);
    return name;
  };
  const atLeast = (least: number): void => {
    if (length < least) throw wrongLength(type, length);
  };
  switch (type) {
    case TYPES.A:
    case TYPES.AAAA:
      if (length !== (type === TYPES.A ? 4 : 16)) throw wrongLength(type, length);
      return formatIp(bytes);
    case TYPES.CNAME:
    case TYPES.PTR:
      return nameUpTo(start);
    case TYPES.MX:
      atLeast(3);
      return { exchange: nameUpTo(start + 2), priority: view.getUint16(start) };
    case TYPES.SRV:
      atLeast(7);
      return {
        name: nameUpTo(start + 6),
        port: view.getUint16(start + 4),
        priority: view.getUint16(start),
        weight: view.getUint16(start + 2),
      };
    case TYPES.TXT:
      return decodeStrings(bytes);
    case TYPES.SOA: {
      const { end: contact } = decodeName(message, start);
      const { end: numbers } = decodeName(message, contact);
      if (numbers + 20 !== end) throw wrongLength(type, length);
      return { minimum: view.getUint32(end - 4) };
    }
    default:
      return bytes.slice();
  }
}

function decodeStrings(bytes: Uint8Array): string[] {
  const strings: string[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + bytes[at]!;
    if (end > bytes.length) throw wrongLength(TYPES.TXT, bytes.length);
    strings.push(decoder.decode(bytes.subarray(at + 1, end)));
    at = end;
  }
  if (strings.length === 0) throw wrongLength(TYPES.TXT, 0);
  return strings;
}

function wrongLength(type: number, length: number): Malformed {
  return new Malformed(`a record of type ${type} does not have ${length} bytes of data`);
}
