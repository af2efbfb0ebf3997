/**
 * Coroutines written as generators: `coroutine(function* (…) { const v = yield* future; … })`.
 *
 * What must hold: a call runs nothing; the first poll does. A cancelled coroutine first cancels what it awaits, then resumes as by
 * `return`: `finally` blocks and `using` run and may await. Cleanup errors go to the owner of the cancellation, never to a parent's
 * `catch`. A future that the function returns is flattened, as by an async function.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from './context.ts';
import { creations } from './creations.ts';
import { Frame, relink, resume } from './frame.ts';
import { alreadyCompleted, cleanupTimeout, Future, type Suspend } from './future.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from './poll.ts';
import { beginOverdue, current, DELIVER, mode, NORMAL, setMode, SUSPENDING } from './register.ts';
import { collectFailure, release, selfAwait, under } from './release.ts';
import { appendCaller } from './trace.ts';
import { unwind } from './unwind.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

/** The generator of a coroutine: it yields only through `yield*` of futures. */
export type Steps<R> = Generator<Suspend, R, never>;

/** What a coroutine gives: a returned future is flattened. */
export type Flattened<R> = R extends Future<infer U> ? U : R;

/** A function that can be run as a coroutine: a generator function, or one that returns a future. */
export type Body<A extends readonly unknown[], R> = ((...args: A) => Steps<R>) | ((...args: A) => Future<R>);

type Generating = Iterator<Suspend, unknown, unknown>;

/**
 * Each generator function's objects have a shape of their own, so `generator.next` would be looked up anew among many of them: it is
 * taken from their common prototype once.
 */
const generatorPrototype = Object.getPrototypeOf(Object.getPrototypeOf((function* (): Steps<void> {})())) as {
  readonly next: (this: Generating, value: unknown) => IteratorResult<Suspend, unknown>;
};
const { next: resumeGenerator } = generatorPrototype;

/** For `instanceof`, which is a look at the prototypes; `toString`, which sees another realm's generators too, costs 40 ns more. */
const AnyGenerator = function (): void {} as unknown as abstract new () => Generating;
AnyGenerator.prototype = generatorPrototype;

/** Where a coroutine stands in its cancellation. */
const LIVE = 0;
const CANCELLING = 1;
const CLEANUP = 2;

/** A coroutine that drives a generator. Made by {@link coroutine}. */
export class GeneratorCoroutine<T> extends Frame<T> {
  private generator: Generating | null;
  private phase = LIVE;
  /**
   * @internal The function's name, for dumps. A field of its own: a name put on the generator gives the generator a hidden class of its
   * own, and one of a function that is made anew for each use has one already (560 ns more for each).
   */
  readonly label: string;

  constructor(generator: Generating, label: string) {
    super();
    this.generator = generator;
    this.label = label;
  }

  /** @internal The generator, while it is there, for dumps: the engine knows where it stands. */
  get steps(): object | null {
    return this.generator;
  }

  override get returned(): boolean {
    return this.generator === null;
  }

  /** @internal True until the first poll, or until it was cancelled. Meaningless while it runs. */
  get untouched(): boolean {
    return this.generator !== null && this.awaited === null && this.phase === LIVE;
  }

  override poll(cx: Context, inner?: boolean): Poll<T> {
    if (this.link !== null && inner !== true) return resume(this, cx);
    if (current !== cx) return under(cx, () => this.poll(cx, inner));
    const awaited = this.awaited;
    const generator = this.generator;
    let result: IteratorResult<Suspend, unknown>;
    if (awaited === null) {
      if (generator === null) throw alreadyCompleted('a coroutine');
      try {
        result = resumeGenerator.call(generator, undefined);
      } catch (error) {
        if (isRunning(generator)) throw selfAwait(this.label);
        this.generator = null;
        setMode(NORMAL);
        appendCaller(error, true);
        creations?.cutOff();
        throw error;
      }
    } else {
      let value: unknown;
      let failed = false;
      try {
        value = awaited.poll(cx);
        if (value === PENDING) return relink(this, inner);
      } catch (error) {
        failed = true;
        value = error;
      }
      this.awaited = null;
      if (generator === null) {
        if (failed) throw value;
        return this.finish(value, cx);
      }
      try {
        setMode(DELIVER);
        result = failed ? raise(generator, value) : resumeGenerator.call(generator, value);
      } catch (error) {
        this.generator = null;
        setMode(NORMAL);
        appendCaller(error, true);
        creations?.cutOff();
        throw error;
      }
    }
    if (mode === SUSPENDING && result instanceof Future) {
      setMode(NORMAL);
      this.awaited = result;
      return PENDING;
    }
    return this.settle(result, cx);
  }

  /** The generator has returned, or has yielded something that is no suspension. */
  private settle(result: IteratorResult<Suspend, unknown>, cx: Context): Poll<T> {
    const awaited = suspendedOn(result);
    if (awaited !== null) {
      this.awaited = awaited;
      return PENDING;
    }
    if (result.done === true) {
      this.generator = null;
      return this.finish(result.value, cx);
    }
    const error = yieldedWrong(result.value);
    let next: IteratorResult<Suspend, unknown>;
    try {
      next = raise(this.generator as Generating, error);
    } catch (thrown) {
      this.generator = null;
      throw thrown;
    }
    return this.settle(next, cx);
  }

  /** Flattens a returned future: it is awaited in the coroutine's stead. */
  private finish(value: unknown, cx: Context): Poll<T> {
    if (!(value instanceof Future)) return value as T;
    const inner = (value as Future<unknown>).poll(cx);
    if (inner !== PENDING) return this.finish(inner, cx);
    this.awaited = value as Future<unknown>;
    return PENDING;
  }

  override cancel(cx: Context): Poll<void> {
    if (current !== cx) return under(cx, () => this.cancel(cx));
    this.link = null;
    const generator = this.generator;
    if (this.phase === LIVE) {
      if (this.awaited === null) {
        // Never polled, or ended: there is nothing to clean up. A generator that has not started runs no code on return.
        this.generator = null;
        return undefined;
      }
      this.phase = CANCELLING;
      creations?.cutOff();
    }
    let resumeWith: (generator: Generating) => IteratorResult<Suspend, unknown>;
    if (this.phase === CANCELLING) {
      if (release(this, cx) === PENDING) return PENDING;
      if (generator === null) return undefined;
      this.phase = CLEANUP;
      resumeWith = (steps) => this.giveBack(steps);
    } else {
      const awaited = this.awaited as Future<unknown>;
      if (cx.overdue) {
        cx.reportOverrun('CLEANUP_TIMEOUT');
        release(this, cx);
        resumeWith = (steps) => raise(steps, cleanupTimeout());
      } else {
        try {
          const value = awaited.poll(cx);
          if (value === PENDING) return PENDING;
          resumeWith = (steps) => {
            setMode(DELIVER);
            return steps.next(value);
          };
        } catch (error) {
          resumeWith = (steps) => raise(steps, error);
        }
        this.awaited = null;
      }
    }
    return this.clean(cx, resumeWith);
  }

  /** Resumes the generator as by `return`. */
  private giveBack(generator: Generating): IteratorResult<Suspend, unknown> {
    return unwind(generator, (unwinding) => (this.generator = unwinding));
  }

  /** Runs the generator's cleanup until it awaits or has ended. */
  private clean(cx: Context, resumeWith: (generator: Generating) => IteratorResult<Suspend, unknown>): Poll<void> {
    let step = resumeWith;
    for (;;) {
      let result: IteratorResult<Suspend, unknown>;
      try {
        if (cx.overdue && mode === NORMAL) beginOverdue();
        result = step(this.generator as Generating);
      } catch (error) {
        setMode(NORMAL);
        this.generator = null;
        creations?.cutOff();
        collectFailure(cx, error);
        return undefined;
      }
      const awaited = suspendedOn(result);
      if (awaited !== null) {
        this.awaited = awaited;
        return PENDING;
      }
      if (result.done === true) {
        this.generator = null;
        return undefined;
      }
      const { value } = result;
      step = (steps) => raise(steps, yieldedWrong(value));
    }
  }
}

/** What a generator's result says it waits for; null when it is no suspension. Ends the SUSPENDING mode. */
function suspendedOn(result: IteratorResult<Suspend, unknown>): Future<unknown> | null {
  const suspending = mode === SUSPENDING;
  setMode(NORMAL);
  if (!suspending) return null;
  if (result instanceof Future) return result;
  return result.done !== true && (result.value as unknown) instanceof Future
    ? (result.value as unknown as Future<unknown>)
    : null;
}

/** Whether a generator that has just thrown is in the middle of its body, instead of at its end: `return` refuses only then. */
function isRunning(generator: Generating): boolean {
  try {
    (generator as Required<Generating>).return(undefined);
    return false;
  } catch {
    return true;
  }
}

function raise(generator: Generating, error: unknown): IteratorResult<Suspend, unknown> {
  return (generator as Required<Generating>).throw(error);
}

function yieldedWrong(value: unknown): PawlError {
  const hint =
    value instanceof Future
      ? 'write `yield* future` instead of `yield future`'
      : 'a coroutine awaits futures by `yield*` and yields nothing else';
  return new PawlError('NOT_A_FUTURE', `a coroutine yielded ${describe(value)}: ${hint}`);
}

function describe(value: unknown): string {
  if (value instanceof Future) return 'a future';
  if (value === null || typeof value !== 'object') return String(value);
  const { poll, then } = value as { readonly poll?: unknown; readonly then?: unknown };
  if (typeof poll === 'function') return 'a future of another copy of pawl (only one can be used by a program)';
  return typeof then === 'function' ? 'a promise' : 'an object';
}

/** Makes a function whose calls are coroutines. Programs know it by a type that has streams, too: `coroutine.ts` above says what it is. */
export function coroutine<A extends readonly unknown[], R>(
  fn: (...args: A) => Steps<R>,
): (...args: A) => Future<Flattened<R>>;
export function coroutine<A extends readonly unknown[], R>(
  fn: (...args: A) => Promise<R>,
): (...args: A) => Future<Flattened<Awaited<R>>>;
export function coroutine(fn: (...args: never) => unknown): (...args: readonly unknown[]) => Future<unknown> {
  if (typeof fn !== 'function')
    throw new PawlError('BAD_ARGUMENT', `coroutine takes a generator function, got ${describe(fn)}`);
  const kind = Object.prototype.toString.call(fn);
  if (kind === '[object AsyncFunction]' || kind === '[object AsyncGeneratorFunction]') return uncompiled(fn.name, kind);
  if (kind !== '[object GeneratorFunction]') {
    throw new PawlError(
      'BAD_ARGUMENT',
      `coroutine takes a generator function, but ${fn.name || 'the function'} is an ordinary one: write function*`,
    );
  }
  const label = fn.name || 'anonymous coroutine';
  const begin = fn as unknown as (...args: unknown[]) => Generating;
  const made = function (this: unknown): Future<unknown> {
    // Not a rest parameter: `arguments` that is only handed on is never allocated.
    // oxlint-disable-next-line prefer-rest-params
    const future = new GeneratorCoroutine(begin.apply(this, arguments as unknown as unknown[]), label);
    if (creations !== null) creations.made(future, made);
    return future;
  };
  Object.defineProperty(made, 'name', { value: fn.name, configurable: true });
  return made;
}

function uncompiled(name: string, kind: string): () => never {
  const [written, instead] =
    kind === '[object AsyncFunction]'
      ? ['async …', 'coroutine(function* …) with yield*']
      : ['async function* …', 'stream(function* (emit) …) with yield* emit(value)'];
  return () => {
    throw new PawlError(
      'NOT_COMPILED',
      `coroutine(${written})${name === '' ? '' : ` "${name}"`} was not compiled: run the program with corofy, which compiles ES modules (not CommonJS), or write it as ${instead}`,
    );
  };
}

/** A body's result as a future: a generator becomes a coroutine. */
export function start<A extends readonly unknown[], R>(body: Body<A, R>, ...args: A): Future<R> {
  if (typeof body !== 'function') throw new PawlError('BAD_ARGUMENT', `expected a function, got ${describe(body)}`);
  return futureOf(body(...args), body.name);
}

/** What a body has given, as a future. */
export function futureOf<R>(made: unknown, name: string): Future<R> {
  if (made instanceof Future) return made as Future<R>;
  if (made instanceof AnyGenerator || Object.prototype.toString.call(made) === '[object Generator]')
    return new GeneratorCoroutine<R>(made as Steps<unknown>, name || 'coroutine');
  throw new PawlError(
    'NOT_A_FUTURE',
    `the function returned ${describe(made)}: make it a coroutine, a generator function, or let it return a future`,
  );
}

/** A future, as it is or made by a body. */
export function toFuture<T>(what: Future<T> | Body<[], T>): Future<T> {
  if (what instanceof Future) return what;
  if (typeof what === 'function') return start(what);
  throw new PawlError('NOT_A_FUTURE', `expected a future or a function that makes one, got ${describe(what)}`);
}
