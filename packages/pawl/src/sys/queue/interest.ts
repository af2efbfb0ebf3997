/** Interest and trigger: what to watch a descriptor for, and how often to say so. */
import { PawlError } from '../../error/index.ts';

/**
 * What to be told about; combine with `|`. Errors and hang-ups are always told.
 *
 * @example
 * ```ts
 * import { Interest } from 'pawl/queue';
 * console.log((Interest.READABLE | Interest.WRITABLE) === 3); // true
 * ```
 */
export const Interest: Readonly<Record<'READABLE' | 'WRITABLE' | 'PRIORITY', number>> = Object.freeze({
  /** There is something to read, or the end of it. */
  READABLE: 1,
  /** There is room to write. */
  WRITABLE: 2,
  /** Out-of-band data. */
  PRIORITY: 4,
});

/**
 * How often an event is delivered.
 * - `level`: by every wait, as long as the condition lasts.
 * - `edge`: when the condition arises; then not again before it has gone (drain until EAGAIN).
 * - `oneshot`: once; then the registration sleeps until `reregister`.
 */
export type Trigger = 'level' | 'edge' | 'oneshot';

const ALL = Interest.READABLE | Interest.WRITABLE | Interest.PRIORITY;

/** Throws BAD_ARGUMENT for what is not a combination of {@link Interest}. */
export function checkInterest(interest: number): void {
  if (Number.isInteger(interest) && interest > 0 && (interest & ~ALL) === 0) return;
  throw new PawlError(
    'BAD_ARGUMENT',
    `interest must be a combination of READABLE, WRITABLE and PRIORITY, got ${interest}`,
  );
}
