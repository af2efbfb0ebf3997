/** DNS messages for tests, written byte by byte: what the code under test reads, it has not written. */
import { encodeName } from '../../src/net/dns/name.ts';
import { TYPES } from '../../src/net/dns/record.ts';

/** A record to be written; `data` as bytes. */
export interface WrittenRecord {
  readonly name: string;
  readonly type: keyof typeof TYPES | number;
  readonly ttl?: number;
  readonly class?: number;
  readonly data: readonly number[] | Uint8Array;
}

/** A question to be written. */
export interface WrittenQuestion {
  readonly name: string;
  readonly type: keyof typeof TYPES | number;
  readonly class?: number;
}

export interface WrittenMessage {
  readonly id?: number;
  /** Default: a response, with recursion. */
  readonly flags?: number;
  readonly rcode?: number;
  readonly questions?: readonly WrittenQuestion[];
  readonly answers?: readonly WrittenRecord[];
  readonly authorities?: readonly WrittenRecord[];
  readonly additionals?: readonly WrittenRecord[];
}

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const typeNumber = (type: keyof typeof TYPES | number): number => (typeof type === 'number' ? type : TYPES[type]);

export const RESPONSE = 0x8180;
export const TRUNCATED = 0x0200;

export function write(message: WrittenMessage): Uint8Array {
  const {
    id = 0,
    flags = RESPONSE,
    rcode = 0,
    questions = [],
    answers = [],
    authorities = [],
    additionals = [],
  } = message;
  const question = ({ name, type, class: of = 1 }: WrittenQuestion): number[] => [
    ...encodeName(name),
    ...u16(typeNumber(type)),
    ...u16(of),
  ];
  const record = ({ name, type, ttl = 60, class: of = 1, data }: WrittenRecord): number[] => [
    ...encodeName(name),
    ...u16(typeNumber(type)),
    ...u16(of),
    ...u32(ttl),
    ...u16(data.length),
    ...data,
  ];
  return Uint8Array.from([
    ...u16(id),
    ...u16(flags | rcode),
    ...[questions, answers, authorities, additionals].flatMap(({ length }) => u16(length)),
    ...questions.flatMap(question),
    ...[...answers, ...authorities, ...additionals].flatMap(record),
  ]);
}

export const name = (of: string): number[] => [...encodeName(of)];
export const a = (of: string, address: string, ttl = 60): WrittenRecord => ({
  name: of,
  type: 'A',
  ttl,
  data: address.split('.').map(Number),
});
export const cname = (of: string, to: string, ttl = 60): WrittenRecord => ({
  name: of,
  type: 'CNAME',
  ttl,
  data: name(to),
});
export const soa = (of: string, ttl: number, minimum: number): WrittenRecord => ({
  name: of,
  type: 'SOA',
  ttl,
  data: [...name('ns.example'), ...name('root.example'), ...[1, 2, 3, 4, minimum].flatMap(u32)],
});
export const srv = (of: string, priority: number, weight: number, port: number, to: string): WrittenRecord => ({
  name: of,
  type: 'SRV',
  data: [...u16(priority), ...u16(weight), ...u16(port), ...name(to)],
});
