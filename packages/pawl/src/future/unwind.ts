/**
 * Unwind: resumes a generator as by `return`, innermost helper first.
 *
 * A coroutine may delegate to plain generators (`yield* helper()`). The language's own `return` passes through such a delegation only
 * while the helper does not suspend: once a `finally` of the helper has awaited, it is resumed by `next`, its end is an ordinary value
 * of the caller's `yield*`, and the cancelled caller goes on as if nothing had happened; what the helper throws lands in the caller's
 * `catch` (ECMA-262, 15.5.5, `yield*`, step 7.c).
 *
 * What must hold: each helper is unwound to its end by itself, then its caller is resumed as by `return`. The language offers no
 * reference to the helper but one: `yield*` looks `return` up on it. So for the length of that single call, with no code of a user in
 * between, the prototype's method is ours. Where intrinsics are frozen, the language's own delegation remains.
 */
import { PawlError } from '../error/index.ts';
import type { Suspend } from './future.ts';
import { mode, OVERDUE } from './register.ts';
import { combine } from './suppressed.ts';

type Steps = Iterator<Suspend, unknown, unknown>;
type Step = IteratorResult<Suspend, unknown>;
type Return = (this: unknown, value?: unknown) => Step;

const prototype = Object.getPrototypeOf(function* () {}.prototype) as { return: Return };
const nativeReturn: Return = prototype.return;

/** What the caller's `yield*` is told instead of the helper's `return`: stay suspended. */
const HELD: Step = { done: false, value: undefined as never };
let held: Steps | null = null;
/** A helper that has ended: its `return` is the language's own again. */
let ended: Steps | null = null;

function hold(this: Steps, value?: unknown): Step {
  prototype.return = nativeReturn;
  if (this === ended) {
    ended = null;
    return nativeReturn.call(this, value);
  }
  // oxlint-disable-next-line typescript/no-this-alias -- the helper is known by nothing else
  held = this;
  return HELD;
}

/** Called when `yield*` of a future is returned from: what is unwound awaits the future directly. */
export function letReturn(): void {
  if (prototype.return !== nativeReturn) prototype.return = nativeReturn;
}

/** Resumes a suspended generator as by `return`; {@link HELD} when it delegates to another generator, which is then in `held`. */
function tryReturn(generator: Steps): Step {
  try {
    prototype.return = hold as Return;
  } catch {
    // Frozen intrinsics.
  }
  try {
    return nativeReturn.call(generator, undefined);
  } finally {
    letReturn();
  }
}

function takeHeld(): Steps {
  const helper = held as Steps;
  held = null;
  return helper;
}

/** The generators of one coroutine, from its own to the innermost helper, while they are unwound. */
class Unwinding implements Steps {
  private readonly stack: Steps[];
  private readonly failures: unknown[] = [];

  constructor(generator: Steps, helper: Steps) {
    this.stack = [generator, helper];
  }

  next(value: unknown): Step {
    return this.step((top) => top.next(value));
  }

  throw(error: unknown): Step {
    return this.step((top) => (top as Required<Steps>).throw(error));
  }

  return(): Step {
    return this.step(tryReturn);
  }

  private step(first: (top: Steps) => Step): Step {
    let resume = first;
    for (;;) {
      const top = this.stack.at(-1) as Steps;
      let result: Step;
      try {
        result = resume(top);
      } catch (error) {
        if (!(mode === OVERDUE && error instanceof PawlError && error.code === 'CLEANUP_TIMEOUT'))
          this.failures.push(error);
        result = { done: true, value: undefined };
      }
      if (result === HELD) this.stack.push(takeHeld());
      else if (result.done !== true) return result;
      else {
        this.stack.pop();
        if (this.stack.length === 0) {
          if (this.failures.length > 0) throw combine(this.failures);
          return result;
        }
        ended = top;
      }
      resume = tryReturn;
    }
  }
}

/**
 * Resumes a generator as by `return`. Where it delegates to helpers, `replace` is given what must be resumed in its stead from now on.
 */
export function unwind(generator: Steps, replace: (unwinding: Steps) => void): Step {
  const result = tryReturn(generator);
  if (result !== HELD) return result;
  const unwinding = new Unwinding(generator, takeHeld());
  replace(unwinding);
  return unwinding.return();
}
