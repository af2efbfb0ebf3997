/** What the arguments of processes have in common. */
import { PawlError } from '../error/index.ts';

/** Throws BAD_ARGUMENT unless C can have it as a string. */
export function checkText(what: string, text: unknown, empty = true): asserts text is string {
  if (typeof text !== 'string') throw new PawlError('BAD_ARGUMENT', `${what} is a string, got ${typeof text}`);
  if (text === '' && !empty) throw new PawlError('BAD_ARGUMENT', `${what} must not be empty`);
  if (text.includes('\0')) throw new PawlError('BAD_ARGUMENT', `${what} cannot contain a NUL: ${JSON.stringify(text)}`);
}

/** Throws BAD_ARGUMENT unless it can be a descriptor. */
export function checkDescriptor(fd: unknown): asserts fd is number {
  if (typeof fd === 'number' && Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff) return;
  throw new PawlError('BAD_ARGUMENT', `a descriptor is a whole number, zero or more, got ${String(fd)}`);
}

/** Throws BAD_ARGUMENT unless it can be waited for. */
export function checkMilliseconds(what: string, ms: unknown): asserts ms is number {
  if (typeof ms === 'number' && ms >= 0) return;
  throw new PawlError('BAD_ARGUMENT', `${what} is a number of milliseconds, zero or more, got ${String(ms)}`);
}
