/** What everything in `pawl/sync` may be given: a name for dumps and reports. */
import { PawlError } from '../error/index.ts';

export interface Named {
  /** Shown in dumps, in reports of deadlocks and in errors. */
  readonly name?: string;
}

/** `mutex "users"`, or `a mutex` for one without a name. */
export function title(kind: string, name: string | undefined): string {
  return name === undefined ? `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}` : `${kind} ${JSON.stringify(name)}`;
}

/** Checks a count: a whole number, at least `least`. */
export function checkCount(what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new PawlError('BAD_ARGUMENT', `${what} must be a whole number, at least ${least}, got ${String(value)}`);
}
