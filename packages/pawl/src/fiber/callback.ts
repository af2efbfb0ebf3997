/**
 * Callback: a function of JavaScript that C can call, on a fiber.
 *
 * What must hold: C's call parks the fiber, and JavaScript runs on the thread's own stack. While it is open it is reachable from the table of
 * slots; closed, and called from anywhere but a fiber of this thread, it answers its failure value without JavaScript.
 */
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';
import type { Steps } from '../future/coroutine.ts';
import { closeSlot, openSlot, slotAddress } from '../sys/fiber/slots.ts';
import { answerOffset, failureBits } from './encode.ts';
import {
  type Addressable,
  type ArgumentsFromC,
  type CArgument,
  checkName,
  checkObject,
  checkValue,
  type CType,
  type Place,
  placesOf,
  type ToC,
} from './types.ts';

/** What a callback's function may give: the answer at once, or a future of it, or a generator function's steps towards it. */
export type Answer<R extends CType> = ToC<R> | Future<ToC<R>> | Steps<ToC<R>>;

export interface CallbackOptions<A extends readonly CArgument[], R extends CType> {
  readonly arguments: A;
  readonly returns: R;
  /** What C is answered when the function throws, when the call is cancelled, and when the callback is closed. */
  readonly failure: ToC<R>;
  /** For errors and dumps. Default: the function's name. */
  readonly name?: string;
}

export class Callback<A extends readonly CArgument[] = readonly CArgument[], R extends CType = CType>
  implements Addressable, Disposable
{
  readonly name: string;
  /** @internal */
  readonly returns: R;
  /** @internal Where in a fiber's block its answer goes. */
  readonly answerAt: number;
  /** @internal */
  readonly failure: ToC<R>;
  /** @internal */
  readonly places: readonly Place[];
  /** @internal */
  readonly answer: (...args: readonly unknown[]) => unknown;
  #slot: number;

  /** @internal */
  constructor(options: CallbackOptions<A, R>, answer: (...args: readonly unknown[]) => unknown, instead: number) {
    this.name = options.name ?? (answer.name || 'anonymous callback');
    this.returns = options.returns;
    this.answerAt = answerOffset(options.returns);
    this.failure = options.failure;
    this.answer = answer;
    this.places = placesOf(`callback "${this.name}"`, options);
    if (this.returns === 'string') {
      throw new PawlError(
        'BAD_ARGUMENT',
        `callback "${this.name}" cannot return a string, which nobody would free: return a pointer`,
      );
    }
    checkValue(() => `the failure value of callback "${this.name}"`, this.returns, this.failure);
    this.#slot = openSlot(this, this.name, failureBits(this.returns, this.failure), instead);
  }

  get closed(): boolean {
    return this.#slot < 0;
  }

  /** @internal */
  get addressForC(): number {
    if (this.#slot < 0) throw new PawlError('CLOSED', `callback "${this.name}" has been closed`);
    return slotAddress(this.#slot);
  }

  /** Idempotent. C that calls it from now on is answered the failure value. */
  [Symbol.dispose](): void {
    const slot = this.#slot;
    if (slot < 0) return;
    this.#slot = -1;
    closeSlot(slot);
  }
}

/**
 * Makes a function that C can call while it runs on a fiber of {@link call} or `callNow`. The function may be an ordinary one, one that returns
 * a future, or a generator function: C then waits, and the thread goes on with other tasks.
 *
 * What it throws becomes the call's error; C is answered `failure` then and at every later callback of that call. Keep it for as long as C
 * may call it, and dispose of it afterwards: until then it occupies one of 1024 places. Called by C after that, or elsewhere than on a fiber
 * of this thread, it answers `failure` without running anything.
 *
 * Errors: BAD_ARGUMENT for a signature or a failure value that does not fit, LIMIT_EXCEEDED.
 *
 * @example
 * ```ts
 * import { blockOn, sleep } from 'pawl';
 * import { call, callback, library, Memory, peek } from 'pawl/fiber';
 * const { qsort } = library(null, { qsort: { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' } });
 * using compare = callback(
 *   { arguments: ['pointer', 'pointer'], returns: 'int32', failure: 0 },
 *   function* compare(a, b) {
 *     yield* sleep(1); // C's qsort waits, and nobody else does
 *     return peek('int32', a) - peek('int32', b);
 *   },
 * );
 * using numbers = new Memory(12);
 * [3, 1, 2].forEach((n, i) => numbers.write('int32', 4 * i, n));
 * blockOn(call(qsort, numbers, 3, 4, compare));
 * console.log([0, 4, 8].map((at) => numbers.read('int32', at))); // [ 1, 2, 3 ]
 * ```
 */
export function callback<const A extends readonly CArgument[], const R extends CType>(
  options: CallbackOptions<A, R>,
  answer: (...args: ArgumentsFromC<A>) => Answer<R>,
): Callback<A, R> {
  return makeCallback(options, answer, 0);
}

/** @internal `instead`: where a call goes on that must not park. */
export function makeCallback<A extends readonly CArgument[], R extends CType>(
  options: CallbackOptions<A, R>,
  answer: (...args: ArgumentsFromC<A>) => Answer<R>,
  instead: number,
): Callback<A, R> {
  if (typeof answer !== 'function') {
    throw new PawlError('BAD_ARGUMENT', `callback takes a function, got ${typeof answer}`);
  }
  checkObject(() => 'the options of a callback', options);
  checkName('a callback', options.name);
  return new Callback(options, answer as (...args: readonly unknown[]) => unknown, instead);
}
