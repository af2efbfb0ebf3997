/**
 * Calls of C functions on fibers: as a future, whose callbacks may wait, and as a plain call.
 *
 * What must hold: C runs within a poll, and stands still between polls. Cancelling a call cancels what its callback waits for, then answers the
 * failure value at each callback until C returns: C is never left half-way, unless it does not return within the deadline of a cleanup; then
 * it is left as it is, with its stack, and reported. So is a parked call that is dropped.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { futureOf } from '../future/coroutine.ts';
import { creations } from '../future/creations.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { Activation, type CallOptions } from './activation.ts';
import { CFunction } from './c-function.ts';
import { type ArgumentsToC, type CArgument, checkValue, type CType, fits, type FromC } from './types.ts';

const NEW = 0;
/** C is parked in a callback. */
const PARKED = 1;
const ENDED = 2;

/** Failure values that C is given in a row before a call that is cancelled past its deadline is given up. */
const PATIENCE = 10_000;

/** What C may still use although nobody will let it go on. Kept for the life of the process. */
const abandoned: unknown[] = [];

/** Fibers whose C functions never return: they occupy their stacks for ever. */
export function abandonedFibers(): number {
  return abandoned.length;
}

function abandon(activation: Activation, why: string): void {
  abandoned.push(activation.abandon());
  process.emitWarning(
    `fiber "${activation.name}" is abandoned: ${why}, so ${activation.fn.name} will never return. Its stack, and whatever C has locked, stay as they are`,
    { type: 'PawlWarning', code: 'FIBER_ABANDONED' },
  );
}

const dropped = new FinalizationRegistry<Activation>((activation) =>
  abandon(activation, 'its call was dropped while a callback waited'),
);

/** A call of a C function on a fiber, as a future. */
export class Call<T> extends Future<T> {
  readonly #activation: Activation;
  #phase = NEW;
  #awaited: Future<unknown> | null = null;
  /** A callback of it runs, or what that awaits. */
  #polling = false;
  #overdue = 0;

  /** @internal */
  constructor(activation: Activation) {
    super();
    this.#activation = activation;
    if (creations !== null) creations.leaf(this, 'call(…)');
  }

  /** @internal */
  get untouched(): boolean {
    return this.#phase === NEW;
  }

  /** @internal For dumps. */
  get label(): string {
    return `call of ${this.#activation.name}`;
  }

  /** @internal What a callback of it waits for. */
  get awaited(): Future<unknown> | null {
    return this.#awaited;
  }

  /** Bytes of the stack that were in use, in whole pages, once it has ended; 0 unless `measureStack` asked for it. */
  get stackUsed(): number {
    return this.#activation.stackUsed;
  }

  override poll(cx: Context): Poll<T> {
    const { name } = this.#activation.fn;
    if (this.#polling) throw new PawlError('DEADLOCK', `the call of ${name} awaits itself`);
    if (this.#phase === ENDED) throw alreadyCompleted(`the call of ${name}`);
    this.#polling = true;
    try {
      return this.#advance(cx);
    } finally {
      this.#polling = false;
    }
  }

  #advance(cx: Context): Poll<T> {
    const activation = this.#activation;
    let ended: boolean;
    if (this.#phase === NEW) {
      this.#phase = ENDED; // should it throw
      ended = activation.begin();
      if (!ended) this.#park();
    } else {
      ended = false;
    }
    while (!ended) {
      if (this.#awaited !== null) {
        let value: unknown;
        try {
          value = this.#awaited.poll(cx);
          if (value === PENDING) return PENDING;
          checkAnswer(activation, value);
          this.#awaited = null;
        } catch (error) {
          this.#awaited = null;
          activation.fail(error);
        }
        ended = activation.failed ? activation.answerFailure() : activation.answer(value);
      } else {
        if (!spend(cx)) return PENDING;
        ended = this.#answer();
      }
    }
    this.#end();
    if (activation.failed) throw activation.error;
    return activation.result as T;
  }

  /** Asks the callback in which C is parked. */
  #answer(): boolean {
    const activation = this.#activation;
    if (activation.failed) return activation.answerFailure();
    const callback = activation.callback!;
    let value: unknown;
    try {
      value = activation.ask();
      if (isSteps(value)) {
        this.#awaited = futureOf(value, callback.name);
        return false;
      }
      checkAnswer(activation, value);
    } catch (error) {
      activation.fail(error);
      return activation.answerFailure();
    }
    return activation.answer(value);
  }

  #park(): void {
    this.#phase = PARKED;
    dropped.register(this, this.#activation, this);
  }

  #end(): void {
    if (this.#phase === PARKED) dropped.unregister(this);
    this.#phase = ENDED;
  }

  override cancel(cx: Context): Poll<void> {
    if (this.#phase !== PARKED) {
      this.#phase = ENDED;
      return undefined;
    }
    const activation = this.#activation;
    if (this.#awaited !== null) {
      try {
        if (this.#awaited.cancel(cx) === PENDING) {
          if (!cx.overdue) return PENDING;
          cx.reportOverrun('CLEANUP_ABANDONED');
        }
      } catch (error) {
        cx.collect(error);
      }
      this.#awaited = null;
    }
    let ended = false;
    while (!ended) {
      if (cx.overdue && ++this.#overdue > PATIENCE) {
        this.#end();
        abandon(activation, 'it went on although each of its callbacks failed');
        return PENDING; // whoever cancels it past the deadline reports what it leaves behind
      }
      if (!cx.overdue && !spend(cx)) return PENDING;
      ended = activation.answerFailure();
    }
    this.#end();
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const { name, callback } = this.#activation;
    return { what: callback === null ? `C function ${name}` : `callback "${callback.name}" of C function ${name}` };
  }
}

function isSteps(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof Future || Object.prototype.toString.call(value) === '[object Generator]';
}

function checkAnswer(activation: Activation, value: unknown): void {
  const { name, returns } = activation.callback!;
  if (!fits(returns, value)) checkValue(() => answerOf(name, value), returns, value);
}

function answerOf(name: string, value: unknown): string {
  const isPromise = typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
  const hint = isPromise ? ' (write it as a generator function, or return fromPromise(…))' : '';
  return `the answer of callback "${name}"${hint}`;
}

/**
 * Runs a C function on a fiber, as a future. While a callback of it waits, C stands still and the thread goes on.
 *
 * One poll runs C until a callback waits: a function that computes for long without calling back blocks the thread as if called plainly. C may keep
 * what it has locked while it stands still: what else needs that lock must not run on this thread without a fiber.
 *
 * Cancelling it loses C's work, and waits for C: what its callback waits for is cancelled, each later callback answers its failure value, and
 * it is done when C has returned. Should C go on past the deadline of the cleanup all the same, it is left behind where it stands and reported.
 *
 * Errors: BAD_ARGUMENT for arguments that do not fit the function's signature; CLOSED for a callback or memory that was disposed of, and when
 * C has called a callback after it was closed; ENOMEM; whatever a callback throws.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { call, library } from 'pawl/fiber';
 * const { hypot } = library('libm.so.6', { hypot: { arguments: ['float64', 'float64'], returns: 'float64' } });
 * console.log(blockOn(call(hypot, 3, 4))); // 5
 * ```
 */
export function call<A extends readonly CArgument[], R extends CType>(
  fn: CFunction<A, R>,
  ...args: ArgumentsToC<A>
): Call<FromC<R>> {
  return callWith({}, fn, ...args);
}

/**
 * The same as {@link call}, with a name, or a stack of another size.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { callWith, library } from 'pawl/fiber';
 * const { abs } = library(null, { abs: { arguments: ['int32'], returns: 'int32' } });
 * const calling = callWith({ stackSize: 64 * 1024, measureStack: true }, abs, -7);
 * console.log(blockOn(calling), calling.stackUsed > 0); // 7 true
 * ```
 */
export function callWith<A extends readonly CArgument[], R extends CType>(
  options: CallOptions,
  fn: CFunction<A, R>,
  ...args: ArgumentsToC<A>
): Call<FromC<R>> {
  return new Call(activate(options, fn, args));
}

/**
 * Calls a C function and waits for it, blocking the thread: for functions that take no time. It runs on a fiber too, so that it may be given
 * callbacks; one that wants to wait fails the call with WOULD_BLOCK. Other errors as those of {@link call}.
 *
 * @example
 * ```ts
 * import { callNow, library } from 'pawl/fiber';
 * const { toupper } = library(null, { toupper: { arguments: ['int32'], returns: 'int32' } });
 * console.log(String.fromCharCode(callNow(toupper, 112))); // P
 * ```
 */
export function callNow<A extends readonly CArgument[], R extends CType>(
  fn: CFunction<A, R>,
  ...args: ArgumentsToC<A>
): FromC<R> {
  const activation = activate({}, fn, args);
  let ended = activation.begin();
  while (!ended) ended = activation.failed ? activation.answerFailure() : answerNow(activation);
  if (activation.failed) throw activation.error;
  return activation.result as FromC<R>;
}

function answerNow(activation: Activation): boolean {
  const callback = activation.callback!;
  let value: unknown;
  try {
    value = activation.ask();
    if (isSteps(value)) {
      throw new PawlError(
        'WOULD_BLOCK',
        `callback "${callback.name}" of ${activation.name} wants to wait: use call instead of callNow`,
      );
    }
    checkAnswer(activation, value);
  } catch (error) {
    activation.fail(error);
    return activation.answerFailure();
  }
  return activation.answer(value);
}

function activate(options: CallOptions, fn: unknown, args: readonly unknown[]): Activation {
  if (!(fn instanceof CFunction)) {
    throw new PawlError(
      fn === null ? 'NULL_POINTER' : 'BAD_ARGUMENT',
      `call takes a C function, of library() or functionAt(), got ${fn === null ? 'null' : typeof fn}`,
    );
  }
  return new Activation(fn as CFunction, args, options);
}
