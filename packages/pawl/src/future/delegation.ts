/**
 * What `yield*` awaits in a compiled generator coroutine: a future, or, as in one that is not compiled, a generator to go on with.
 *
 * What must hold: a generator's steps, errors and result are those that `yield*` would have given; a future that it returns stays one.
 */
import type { Context } from './context.ts';
import { GeneratorCoroutine, type Steps } from './coroutine.ts';
import { Future } from './future.ts';
import { PENDING, type Poll } from './poll.ts';

/** The operand of a `yield*` as a future. */
export function delegation(value: unknown): Future<unknown> {
  return value instanceof Future ? value : new Delegation(value as Steps<unknown>);
}

class Delegation extends Future<unknown> {
  private readonly inner: Future<readonly [unknown]>;

  constructor(steps: Steps<unknown>) {
    super();
    this.inner = new GeneratorCoroutine(boxed(steps), 'yield*');
  }

  override poll(cx: Context): Poll<unknown> {
    const box = this.inner.poll(cx);
    return box === PENDING ? PENDING : box[0];
  }

  override cancel(cx: Context): Poll<void> {
    return this.inner.cancel(cx);
  }
}

/** A coroutine awaits a future that it returns; in a box it does not see one. */
function* boxed(steps: Steps<unknown>): Steps<readonly [unknown]> {
  return [yield* steps];
}
