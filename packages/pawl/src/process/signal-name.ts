/** Names and numbers of signals: signal(7). */
import { constants } from 'node:os';
import { PawlError } from '../error/index.ts';

/** `'SIGTERM'`, and the others that this system knows. */
export type SignalName = `SIG${string}`;

const NUMBERS: Readonly<Record<string, number>> = constants.signals;
// Where two names mean one number, the first is the usual one: SIGABRT and SIGIOT.
const NAMES = new Map(
  Object.entries(NUMBERS)
    .toReversed()
    .map(([name, number]) => [number, name as SignalName]),
);

/** Throws BAD_ARGUMENT for a name that this system does not know. */
export function signalNumber(name: unknown): number {
  const number = typeof name === 'string' && Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  if (number !== undefined) return number;
  throw new PawlError('BAD_ARGUMENT', `no such signal: ${String(name)} (a name is as 'SIGTERM')`);
}

export function signalName(number: number): SignalName {
  return NAMES.get(number) ?? `SIG${number}`;
}
