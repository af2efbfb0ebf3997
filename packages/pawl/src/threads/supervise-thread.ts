/** superviseThread: an entry on a dedicated thread, which is started again when it fails. */
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { retry, type RetryOptions } from '../time/retry.ts';
import { moduleUrl } from './callee.ts';
import { type EntryOptions, threads } from './threads.ts';

/** How an entry is run, and when it is started again: `attempts` and the pauses are those of {@link retry}. */
export interface SuperviseThreadOptions extends Omit<EntryOptions, 'count' | 'args'>, RetryOptions {
  /** Its arguments; a function makes them for each attempt. */
  readonly args?: readonly unknown[] | ((attempt: number) => readonly unknown[]);
}

/**
 * Runs an entry on a thread of its own until it ends well, and starts a new thread for it when it throws or its thread dies: at most `attempts`
 * times (3 by default), after pauses that grow. Each attempt has a thread of its own, so nothing of a broken one is left. What an
 * attempt has failed with is told to `when`, which may also refuse another. For work that must not share its thread: a native library, a long computation that keeps state.
 *
 * Cancelling it cancels the entry, and is done when its thread has ended. Errors: the last failure; BAD_ARGUMENT.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { superviseThread } from 'pawl/threads';
 * const failures: unknown[] = [];
 * const checked = superviseThread({
 *   entry: 'node:path',
 *   export: 'basename',
 *   args: (attempt: number) => [attempt === 1 ? 7 : '/a/b'], // the first time it throws
 *   base: 1,
 *   when: (error) => failures.push(error) > 0,
 * });
 * console.log(await run(checked), failures.length); // b 1
 * ```
 */
export function superviseThread<R = unknown>(options: SuperviseThreadOptions): Future<R> {
  knownOptions('superviseThread', options, {
    name: true,
    stopTimeout: true,
    entry: true,
    export: true,
    args: true,
    attempts: true,
    base: true,
    factor: true,
    max: true,
    jitter: true,
    when: true,
  });
  const { entry, args = [], name, stopTimeout, export: exported, ...policy } = options;
  const common = {
    entry,
    count: 1,
    ...(name === undefined ? {} : { name }),
    ...(stopTimeout === undefined ? {} : { stopTimeout }),
    ...(exported === undefined ? {} : { export: exported }),
  };
  moduleUrl(entry);
  if (typeof args !== 'function' && !Array.isArray(args))
    throw new PawlError(
      'BAD_ARGUMENT',
      'the arguments of an entry are given as an array, or by a function that makes one',
    );
  return retry(
    (attempt) =>
      map(threads<R>({ ...common, args: typeof args === 'function' ? args(attempt) : args }), ([value]) => value as R),
    policy,
  ) as Future<unknown> as Future<R>;
}
