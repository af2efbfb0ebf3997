/**
 * threads, withThreads: several executors, one a thread, for as long as a body runs.
 *
 * What must hold: whichever way the body ends, the threads have ended when this has, and what they had open is closed. A thread that dies fails
 * the body, which is cancelled; the other threads' tasks are cancelled and clean up.
 */
import { availableParallelism } from 'node:os';
import { driverOf } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { type Body, coroutine, type Flattened, start } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { race } from '../future/race.ts';
import { current } from '../future/register.ts';
import { scope } from '../task/scopes.ts';
import { sleep } from '../time/sleep.ts';
import { type ModuleName, moduleUrl } from './callee.ts';
import { spawnOn } from './spawn-on.ts';
import { Thread } from './thread.ts';
import { threadEnded } from './worker.ts';
import { checkThreads } from './world.ts';

/** How threads are started and ended. */
export interface ThreadsOptions {
  /** How many. Default: as many as the machine runs at once. */
  readonly count?: number;
  /** In dumps and errors, followed by the number. Default `thread`. */
  readonly name?: string;
  /**
   * How many ms a thread has for its end, once its body is done and its tasks have been told to stop. After that it is terminated. Default 5000.
   */
  readonly stopTimeout?: number;
}

/** How {@link threads} runs an entry. */
export interface EntryOptions extends ThreadsOptions {
  /** The module whose export runs on each thread. */
  readonly entry: ModuleName;
  /** The export's name. Default `default`. */
  readonly export?: string;
  /** Its arguments; a function makes them for each thread. */
  readonly args?: readonly unknown[] | ((index: number) => readonly unknown[]);
}

const MOST = 1024;

/** Fails when the thread ends before it was told to. */
const watched = coroutine(function* watch(thread: Thread) {
  const end = yield* thread.exited();
  throw threadEnded(thread.name, end);
});

const stopping = coroutine(function* stop(thread: Thread, timeout: number) {
  thread.stop();
  try {
    yield* race([thread.exited(), sleep(timeout)]);
  } finally {
    // Out of patience, here or by a deadline of whoever cancels.
    if (thread.alive) thread.terminate();
    yield* thread.exited();
  }
});

const within = coroutine(function* withThreads<R>(
  body: Body<[threads: readonly Thread[]], R>,
  { count, name, stopTimeout }: Required<ThreadsOptions>,
) {
  checkThreads(driverOf(current!), 'threads');
  const list: Thread[] = [];
  try {
    for (let index = 0; index < count; index++) list.push(new Thread({ name: `${name} ${index}`, index, count }));
    return yield* race([scope(() => start(body, list)), ...list.map((thread) => watched(thread))]);
  } finally {
    yield* join(list.map((thread) => stopping(thread, stopTimeout)));
  }
});

/**
 * Threads for a body, each with an executor and an event queue of its own: see {@link spawnOn} for running tasks on them. The body is a scope: what
 * it spawns ends before it does, and then the threads end, before this gives the body's outcome.
 *
 * Cancelling it cancels the body, then ends the threads. Errors: what the body throws; THREAD_ENDED when a thread dies before that;
 * BAD_ARGUMENT; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { spawnOn, withThreads } from 'pawl/threads';
 * const digests = withThreads({ count: 2 }, (threads) =>
 *   join(threads.map((thread) => spawnOn<string>(thread, 'node:crypto', 'hash', ['sha1', thread.name]))),
 * );
 * console.log((await run(digests)).length); // 2
 * ```
 */
export function withThreads<R>(
  options: ThreadsOptions,
  body: Body<[threads: readonly Thread[]], R>,
): Future<Flattened<R>> {
  knownOptions('withThreads', options, { count: true, name: true, stopTimeout: true });
  return within(body as Body<[readonly Thread[]], unknown>, checked(options)) as Future<Flattened<R>>;
}

/**
 * Runs an export of a module on each of several threads, and gives what each has given, by its index. The first failure cancels the others,
 * and is thrown when all have cleaned up. {@link currentThread} tells an entry which it is; listeners that say `reusePort` share their port.
 *
 * Cancelling it cancels the tasks there, and is done when their threads have ended. Errors: what an entry throws; THREAD_ENDED when a thread
 * dies; NO_EXPORT; NO_MODULE; NOT_CLONEABLE; BAD_ARGUMENT; BLOCKING_NODE inside `blockOn`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { threads } from 'pawl/threads';
 * const entry = 'node:path'; // usually new URL('./server.ts', import.meta.url)
 * const args = (index: number): string[] => ['/srv', `part-${index}`];
 * console.log(await run(threads({ count: 2, entry, export: 'join', args }))); // [ '/srv/part-0', '/srv/part-1' ]
 * ```
 */
export function threads<R = unknown>(options: EntryOptions): Future<R[]> {
  knownOptions('threads', options, {
    count: true,
    name: true,
    stopTimeout: true,
    entry: true,
    export: true,
    args: true,
  });
  const { entry, export: name = 'default', args = [], ...common } = options;
  const module = moduleUrl(entry);
  return withThreads(common, (list) =>
    join(
      list.map((thread) => spawnOn<R>(thread, module, name, typeof args === 'function' ? args(thread.index) : args)),
    ),
  );
}

function checked({
  count = Math.min(availableParallelism(), MOST),
  name = 'thread',
  stopTimeout = 5000,
}: ThreadsOptions): Required<ThreadsOptions> {
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new PawlError('BAD_ARGUMENT', `count must be a whole number from 1 to ${MOST}, got ${count}`);
  if (!(stopTimeout >= 0))
    throw new PawlError(
      'BAD_ARGUMENT',
      `stopTimeout must be a number of milliseconds, zero or more, got ${stopTimeout}`,
    );
  return { count, name, stopTimeout };
}
