/**
 * Node's asynchronous context (`AsyncLocalStorage`) of a task, kept across its suspensions.
 *
 * What must hold: a task begins in the context of whoever has spawned it. Each poll runs in the context that the last one left, also where
 * it was changed by `enterWith`, and leaves that of the executor as it was. It is for runtimes that ask for it: it costs a spawn some 60 ns
 * and a poll some 80.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Future } from '../future/future.ts';
import { PENDING } from '../future/poll.ts';
import { Wrapping } from '../future/wrapping.ts';

const TYPE = 'pawl.Task';

class InAsyncContext<T> extends Wrapping<T> {
  private resource = new AsyncResource(TYPE);

  protected override within<R>(step: () => R): R {
    return this.resource.runInAsyncScope(() => {
      const result = step();
      // What the poll has changed is for the next one.
      if (result === PENDING) this.resource = new AsyncResource(TYPE);
      return result;
    });
  }
}

/** A task's body in the asynchronous context that is in force now. */
export function keepAsyncContext<T>(body: Future<T>): Future<T> {
  return new InAsyncContext(body);
}
