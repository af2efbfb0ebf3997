/**
 * cancelAtEverySuspension: a program, cancelled at each place where it can be.
 *
 * What must hold: a run is cancelled at its n-th suspension, counted over the program and every future that it `watch`es, for n from 1 until a
 * run has fewer of them. After each run nothing is open that was not before it. A failure says at which await the run was cancelled.
 */
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine, start, type Body } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { blockOn, run } from '../task/run.ts';
import { placeOf } from '../task/snapshot.ts';
import { spawn } from '../task/spawn.ts';
import { timeout } from '../time/timeout.ts';
import { dice } from './dice.ts';
import { ManualDriver } from './manual-driver.ts';
import { assertNoLeaks } from './no-leaks.ts';
import { settled } from './settled.ts';
import { Watched } from './watched.ts';

/** Counts the suspensions of a future too: wrap what a child task runs. */
export type Watch = <T>(future: Future<T>) => Future<T>;

/** What the invariant is told of the run before it. */
export interface CancelledRun {
  /** At which suspension it was cancelled, from 1. */
  readonly at: number;
  /** The coroutine and the line where it was suspended then; undefined when it had fewer suspensions, and ended by itself. */
  readonly where: string | undefined;
}

/** How {@link cancelAtEverySuspension} runs its program. */
export interface CancelOptions {
  /** `virtual`: in a world without I/O where sleeping takes no time. Default `real`: on this thread's own driver. */
  readonly time?: 'real' | 'virtual';
  /** In virtual time: in how many orders of the ready tasks the whole is done. Default 1. */
  readonly orders?: number;
  /** How many suspensions are tried at most. Default 500. */
  readonly most?: number;
  /** How long a run may take, in ms of its own time. Default 10,000; in virtual time as long as it takes. */
  readonly patience?: number;
  /** Awaited after each run, before what is open is looked at: for the other ends of connections, where they are in this process. */
  readonly settle?: () => PromiseLike<unknown>;
  /** Runs a future in a world of its own: a simulated one. Then `time` is not asked. */
  readonly run?: (main: Future<void>) => PromiseLike<unknown>;
}

/** One run, from outside. */
interface Attempt {
  /** The suspensions that it has had. */
  count: number;
  where: string | undefined;
}

/**
 * Runs a program again and again: cancelled at its first suspension, at its second, … until a run ends by itself. After each run nothing may
 * be left (as in {@link assertNoLeaks}), and the invariant must hold: whatever the program shares with the world is as it should be
 * whether it was done or not. The program is given `watch`, by which the suspensions of its child tasks count, too.
 *
 * Gives the number of cancelled runs. Errors: what the program throws uncancelled; CANCEL_UNSAFE, which names the await (file and line),
 * with what went wrong there as its cause: LEAK, what the invariant or a cleanup has thrown, TIMEOUT when a run has not ended within
 * `patience`; LIMIT_EXCEEDED when it suspends more than `most` times; BAD_ARGUMENT for bad options.
 *
 * @example
 * ```ts
 * import { coroutine, Mutex, sleep } from 'pawl';
 * import { cancelAtEverySuspension } from 'pawl/testing';
 * const mutex = new Mutex();
 * const accounts = { from: 100, to: 0 };
 * const transfer = coroutine(function* (amount: number) {
 *   using _guard = yield* mutex.lock();
 *   yield* sleep(10); // asks whether that is allowed
 *   accounts.from -= amount;
 *   accounts.to += amount;
 *   yield* sleep(10); // tells somebody
 * });
 * const runs = await cancelAtEverySuspension(
 *   () => transfer(10),
 *   () => {
 *     if (mutex.locked || accounts.from + accounts.to !== 100) throw new Error('money was lost');
 *   },
 *   { time: 'virtual' },
 * );
 * console.log(runs); // 2
 * ```
 */
export async function cancelAtEverySuspension(
  program: Body<[watch: Watch], unknown>,
  invariant: (run: CancelledRun) => unknown = () => {},
  options: CancelOptions = {},
): Promise<number> {
  if (typeof program !== 'function' || typeof invariant !== 'function')
    throw new PawlError(
      'BAD_ARGUMENT',
      'cancelAtEverySuspension takes a function that makes the program, and an invariant',
    );
  checkOptions(options);
  const most = count('most', options.most ?? 500);
  const orders = count('orders', options.orders ?? 1);
  let runs = 0;
  for (let order = 0; order < orders; order++) {
    // Not looked at: it opens what the process keeps, and loads what it loads.
    await enter(attempt(program, Infinity, options), order, options);
    for (let at = 1; ; at++) {
      if (at > most) throw new PawlError('LIMIT_EXCEEDED', `the program suspends more than ${most} times`);
      const seen: Attempt = { count: 0, where: undefined };
      try {
        await enter(
          coroutine(function* () {
            yield* assertNoLeaks(attempt(program, at, options, seen));
          })(),
          order,
          options,
        );
        await invariant({ at, where: seen.where });
      } catch (error) {
        throw seen.where === undefined ? error : unsafe(error, at, seen.where, order);
      }
      if (seen.count < at) break;
      runs++;
    }
  }
  return runs;
}

/** One run of the program, cancelled within the poll in which it suspends for that time. */
const attempt = coroutine(function* attempt(
  program: Body<[watch: Watch], unknown>,
  at: number,
  { patience, settle, time, run: custom }: CancelOptions,
  seen: Attempt = { count: 0, where: undefined },
) {
  let abort = (): void => {};
  const watch: Watch = (future) =>
    new Watched(future, (suspended) => {
      if (++seen.count !== at) return;
      const place = placeOf(suspended);
      seen.where = place === undefined ? suspended.constructor.name : `${place.name ?? 'a coroutine'} at ${place.line}`;
      abort();
    });
  const task = spawn(watch(start(program, watch)), { name: program.name || 'program' });
  abort = () => task.abort(`suspension ${at}`);
  const limit = patience ?? (time === 'virtual' || custom !== undefined ? Infinity : 10_000);
  try {
    yield* limit === Infinity ? task : timeout(limit, task);
  } catch (error) {
    abort();
    if (!(error instanceof PawlError && error.code === 'CANCELLED' && seen.where !== undefined)) throw error;
  }
  if (settle !== undefined) yield* settled(settle());
});

async function enter(main: Future<void>, order: number, { run: custom, time }: CancelOptions): Promise<void> {
  if (custom !== undefined) await custom(main);
  else if (time === 'virtual') {
    const driver = new ManualDriver();
    if (order > 0) driver.pick = dice(order);
    blockOn(main, { driver });
    // A run that is cancelled looks for its place, within a poll: some milliseconds.
  } else await run(main, { slowPoll: Infinity });
}

function unsafe(error: unknown, at: number, where: string, order: number): PawlError {
  const message = error instanceof Error ? error.message : String(error);
  const which = order === 0 ? '' : ` (order ${order} of the ready tasks)`;
  return new PawlError('CANCEL_UNSAFE', `cancelled at suspension ${at}, in ${where}${which}: ${message}`, {
    cause: error,
  });
}

function checkOptions(options: CancelOptions): void {
  knownOptions('cancelAtEverySuspension', options, {
    time: true,
    orders: true,
    most: true,
    patience: true,
    settle: true,
    run: true,
  });
  const { time, patience } = options;
  if (time !== undefined && time !== 'real' && time !== 'virtual')
    throw new PawlError('BAD_ARGUMENT', `time is real or virtual, got ${String(time)}`);
  if (patience !== undefined && !(typeof patience === 'number' && patience > 0))
    throw new PawlError('BAD_ARGUMENT', `patience is a number of milliseconds above 0, got ${String(patience)}`);
  for (const name of ['settle', 'run'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new PawlError('BAD_ARGUMENT', `${name} is a function, got ${String(options[name])}`);
}

function count(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a positive integer, got ${String(value)}`);
}
