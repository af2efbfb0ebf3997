/**
 * assertNoLeaks: a body, and the proof that nothing of it is left.
 *
 * What must hold: what was open before is not counted, whatever becomes of it; what is opened meanwhile by others in the same world is, so
 * a body is run when nothing else goes on. What is about to end (a connection's other end, a cleanup under way) is given some turns.
 */
import { driverOf, type Driver } from '../driver/driver.ts';
import { nextImmediate } from '../driver/native/platform.ts';
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { coroutine, futureOf, type Body, type Flattened } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import { yieldNow } from '../future/ready.ts';
import { unwatchListeners, watchListeners, type Listening } from '../future/signals.ts';
import { scope } from '../task/scopes.ts';
import { type Census, census, opened } from './census.ts';
import { settled } from './settled.ts';

/** Turns that what is about to end is given. */
const TURNS = 50;

/** The driver that polls. */
class Here extends Future<Driver> {
  override poll(cx: Context): Poll<Driver> {
    return driverOf(cx);
  }
}

/**
 * Runs a body, and fails when something is left that it has opened: a task, a timer, a descriptor, a waker for another thread, a listener
 * of ours on a signal that is not aborted. Each is named by its line of the dump. What was open before does not count.
 *
 * The body is a future, or a function that gives one, a coroutine, or a promise; what it spawns plainly is waited for. The result is a
 * future: `await` it in a test, `yield*` it in a coroutine, also under {@link withClock} and in a simulated world.
 *
 * Gives what the body gives. Errors: the body's, whatever is left then; LEAK; NOT_A_FUTURE. Cancelling it cancels the body, and looks for
 * nothing.
 *
 * @example
 * ```ts
 * import { coroutine, sleep, spawnDetached, type PawlError } from 'pawl';
 * import { assertNoLeaks } from 'pawl/testing';
 * const forgotten = coroutine(function* () {
 *   spawnDetached(sleep(60_000), { name: 'forgotten' });
 * });
 * try {
 *   await assertNoLeaks(forgotten());
 * } catch (error) {
 *   console.log((error as PawlError).message.includes('forgotten [waiting')); // true
 * }
 * process.exit();
 * ```
 */
export function assertNoLeaks<T>(body: Future<T> | Body<[], T> | (() => PromiseLike<T>)): Future<Flattened<T>> {
  if (typeof body !== 'function' && !(body instanceof Future))
    throw new PawlError('NOT_A_FUTURE', `assertNoLeaks takes a future or a function, got ${String(body)}`);
  return watched(body) as Future<Flattened<T>>;
}

const watched = coroutine(function* watched(body: Future<unknown> | (() => unknown)) {
  const driver = yield* new Here();
  const before = census(driver);
  const listening = watchListeners();
  try {
    const value = yield* scope(() => (body instanceof Future ? body : begin(body)));
    const real = driver.kind === 'native' || driver.beneath !== undefined;
    let left = look(driver, before, listening);
    for (let turn = 0; left.length > 0 && turn < TURNS; turn++) {
      yield* real ? macrotask() : yieldNow();
      left = look(driver, before, listening);
    }
    if (left.length === 0) return value;
    // The lines of the dump take some milliseconds, which a poll should not.
    const lines = real ? yield* settled(Promise.resolve().then(() => told(left))) : told(left);
    throw new PawlError('LEAK', `the body has ended, and this is left of it:\n${lines}`);
  } finally {
    unwatchListeners(listening);
  }
});

function begin(body: () => unknown): Future<unknown> {
  const made = body();
  if (!(made instanceof Future) && typeof (made as PromiseLike<unknown> | null | undefined)?.then === 'function')
    return settled(made as PromiseLike<unknown>);
  return futureOf(made, body.name);
}

const macrotask = (): Future<unknown> => settled(new Promise((resolve) => nextImmediate(resolve)));

type Line = () => string;

const told = (left: readonly Line[]): string => left.map((line) => line()).join('\n');

function look(driver: Driver, before: Census, listening: Listening): Line[] {
  const listeners = [...listening]
    .filter(([, signal]) => !signal.aborted)
    .map(
      ([listener]) =>
        () =>
          nameOf(listener),
    );
  return [...opened(before, census(driver)), ...listeners];
}

function nameOf(listener: object): string {
  return `- listener on an AbortSignal: ${typeof listener === 'function' ? 'of a run' : listener.constructor.name}`;
}
