/**
 * Messages of the domain name system (RFC 1035, 4): queries are written, answers are read.
 *
 * What must hold: what is read is a message to its last byte, or Malformed is thrown. Nothing in it is believed here: whether it is an answer
 * to a query of ours, `isAnswerTo` tells.
 */
import { decodeName, encodeName, Malformed, sameName } from './name.ts';
import { decodeData, IN, type ResourceRecord, TYPES } from './record.ts';

/** What is asked. */
export interface Question {
  readonly name: string;
  readonly type: number;
}

/** A query as it is sent. */
export interface Query extends Question {
  readonly id: number;
  /** Bytes that an answer over UDP may have (RFC 6891); 0 sends no such option, and the limit is 512. */
  readonly udpSize: number;
}

/** A message that has been read. */
export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  /** It did not fit, and is to be asked for over TCP. */
  readonly isTruncated: boolean;
  /** With the bits that an OPT record adds. */
  readonly rcode: number;
  readonly questions: readonly (Question & { readonly class: number })[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Response codes. */
export const NOERROR = 0;
export const FORMERR = 1;
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const NOTIMP = 4;
export const REFUSED = 5;
export const BADVERS = 16;

const HEADER = 12;
/** Flags: it is a response; it is truncated; whoever is asked shall find out. */
const QR = 0x8000;
const TC = 0x0200;
const RD = 0x0100;

/** Throws Malformed for a name that is none. */
export function encodeQuery({ id, name, type, udpSize }: Query): Uint8Array {
  const asked = encodeName(name);
  const option = udpSize === 0 ? 0 : 11;
  const bytes = new Uint8Array(HEADER + asked.length + 4 + option);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, RD);
  view.setUint16(4, 1);
  view.setUint16(10, option === 0 ? 0 : 1);
  bytes.set(asked, HEADER);
  let at = HEADER + asked.length;
  view.setUint16(at, type);
  view.setUint16(at + 2, IN);
  at += 4;
  if (option === 0) return bytes;
  // The root's name, OPT, and where others have the class and the time to live: the size, and nothing else that is wanted.
  view.setUint16(at + 1, TYPES.OPT);
  view.setUint16(at + 3, udpSize);
  return bytes;
}

/** Throws Malformed. */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < HEADER) throw new Malformed(`a message has at least ${HEADER} bytes, this one ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  const cursor = { at: HEADER };
  const questions = times(view.getUint16(4), () => decodeQuestion(bytes, view, cursor));
  const section = (count: number): ResourceRecord[] => times(count, () => decodeRecord(bytes, view, cursor));
  const answers = section(view.getUint16(6));
  const authorities = section(view.getUint16(8));
  const additionals = section(view.getUint16(10));
  if (cursor.at !== bytes.length) throw new Malformed(`${bytes.length - cursor.at} bytes follow the message`);
  const options = additionals.filter(({ type }) => type === TYPES.OPT);
  if (options.length > 1) throw new Malformed('more than one OPT record');
  return {
    id: view.getUint16(0),
    isResponse: (flags & QR) !== 0,
    opcode: (flags >> 11) & 15,
    isTruncated: (flags & TC) !== 0,
    // The high bits are where other records have their time to live (RFC 6891, 6.1.3).
    rcode: (flags & 15) | (((options[0]?.ttl ?? 0) >>> 24) << 4),
    questions,
    answers,
    authorities,
    additionals,
  };
}

interface Cursor {
  at: number;
}

function times<T>(count: number, read: () => T): T[] {
  const all: T[] = [];
  // Every one takes bytes, so that a great number ends with the message.
  while (all.length < count) all.push(read());
  return all;
}

function decodeQuestion(bytes: Uint8Array, view: DataView, cursor: Cursor): Question & { readonly class: number } {
  const { name, end } = decodeName(bytes, cursor.at);
  if (end + 4 > bytes.length) throw new Malformed('a question goes beyond the end');
  cursor.at = end + 4;
  return { name, type: view.getUint16(end), class: view.getUint16(end + 2) };
}

function decodeRecord(bytes: Uint8Array, view: DataView, cursor: Cursor): ResourceRecord {
  const { name, end } = decodeName(bytes, cursor.at);
  const start = end + 10;
  if (start > bytes.length) throw new Malformed('a record goes beyond the end');
  const [type, of, raw, length] = [
    view.getUint16(end),
    view.getUint16(end + 2),
    view.getUint32(end + 4),
    view.getUint16(end + 8),
  ];
  if (start + length > bytes.length) throw new Malformed('the data of a record goes beyond the end');
  cursor.at = start + length;
  if (type === TYPES.OPT) return { name, type, class: of, ttl: raw, data: bytes.slice(start, start + length) };
  // One with the sign bit is none (RFC 2181, 8).
  const ttl = raw > 0x7fffffff ? 0 : raw;
  const data = of === IN ? decodeData(bytes, type, start, length) : bytes.slice(start, start + length);
  return { name, type, class: of, ttl, data };
}

/**
 * Whether a message answers the query, as far as one can tell: whoever forges one without having seen the query must guess all of this, and
 * the port (RFC 5452, 9.1). With `exactly`, also the case of each letter.
 */
export function isAnswerTo(message: Message, query: Query, exactly = false): boolean {
  const { id, isResponse, opcode, questions, rcode } = message;
  const [asked] = questions;
  if (id !== query.id || !isResponse || opcode !== 0 || questions.length > 1) return false;
  // A server that understands nothing repeats nothing.
  if (asked === undefined) return rcode === FORMERR;
  if (asked.type !== query.type || asked.class !== IN) return false;
  return exactly ? asked.name === query.name : sameName(asked.name, query.name);
}

/**
 * Whether these bytes are a truncated answer with that id. Some servers cut within a record: what is there need be no message.
 */
export function isCutShort(bytes: Uint8Array, id: number): boolean {
  if (bytes.length < HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint16(0) === id && (view.getUint16(2) & (QR | TC)) === (QR | TC);
}
