/**
 * Schedule: the choices of a run as a short text, to be put into an environment variable.
 *
 * What must hold: what was encoded is what comes out, but for zeros at the end, which mean nothing: a replay goes on plainly. Only the choices
 * that are not 0 are told, each by how many places after the last one it is, and its value: variable-length numbers of seven bits a byte
 * (LEB128, as in WebAssembly's binary format), in base64url (RFC 4648, section 5).
 */
import { PawlError } from '../error/index.ts';

/** A run: its seed, and its choices where they are not the strategy's. */
export interface Replay {
  readonly seed: number;
  readonly choices?: Uint32Array;
}

/** More choices than any run has that could be told in a text. */
const MOST = 100_000_000;

/** Without the zeros at its end, which a replay does not need. */
export function trimmed(choices: Uint32Array): Uint32Array {
  let { length } = choices;
  while (length > 0 && choices[length - 1] === 0) length--;
  return choices.slice(0, length);
}

export function encode(choices: ArrayLike<number>): string {
  const bytes: number[] = [];
  const number = (value: number): void => {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
    bytes.push(rest);
  };
  let last = -1;
  for (let at = 0; at < choices.length; at++) {
    if (choices[at] === 0) continue;
    number(at - last - 1);
    number(choices[at]!);
    last = at;
  }
  return Buffer.from(bytes).toString('base64url');
}

/** BAD_ARGUMENT for what {@link encode} does not make. */
export function decode(text: string): Uint32Array {
  const bytes = Buffer.from(text, 'base64url');
  const pairs: (readonly [at: number, value: number])[] = [];
  let place = 0;
  const number = (): number => {
    let value = 0;
    for (let unit = 1; ; unit *= 0x80) {
      const byte = bytes[place++];
      if (byte === undefined || unit > 0x1000_0000) throw broken(text);
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
    }
  };
  let at = -1;
  while (place < bytes.length) {
    at += number() + 1;
    const value = number();
    if (value === 0 || value > 0xffff_ffff || at > MOST) throw broken(text);
    pairs.push([at, value]);
  }
  const choices = new Uint32Array(at + 1);
  for (const [index, value] of pairs) choices[index] = value;
  if (encode(choices) !== text) throw broken(text);
  return choices;
}

/** `7`, or `7:` and a schedule, as `PAWL_SEED` has it. BAD_ARGUMENT for anything else. */
export function parseReplay(text: string): Replay {
  const [, seed = '', schedule] = /^(\d{1,16})(?::([\w-]*))?$/.exec(text) ?? [];
  const number = Number(seed);
  if (seed === '' || !Number.isSafeInteger(number))
    throw new PawlError('BAD_ARGUMENT', `PAWL_SEED is a seed, or seed:schedule, got ${JSON.stringify(text)}`);
  return schedule === undefined ? { seed: number } : { seed: number, choices: decode(schedule) };
}

function broken(text: string): PawlError {
  return new PawlError(
    'BAD_ARGUMENT',
    `${JSON.stringify(text)} is not a schedule that a failed simulation has printed`,
  );
}
