/**
 * A whole runtime, as small as it can be and still be one: tasks, wakers, timers, readiness, cancellation, on the standard interfaces of the
 * language. A coroutine is a generator, a task a `PromiseLike`, and what must be given back is `Disposable`.
 *
 * What must hold: a woken task is polled; a cancelled one runs its `finally` blocks; disposing of the runtime cancels what is left.
 *
 * It stands on the library's event queue, and on the small futures of chapter 7. The library itself is `packages/pawl/src`.
 */
import { EventQueue, Events, Interest } from 'pawl/queue';
import { NOT_READY, type NotReady, type SmallFuture } from '../ch07/future.ts';

// #region interfaces
/** What a poll is told: whom to wake, and where the world is. */
export interface Context {
  readonly waker: { wake(): void };
  readonly runtime: Runtime;
}

/** A leaf, or anything else that can be awaited by `yield* wait(…)`. */
export interface Awaitable<T> extends SmallFuture<T, Context> {
  /** Takes back what it has registered. */
  cancel?(context: Context): void;
}

export type Steps<R> = Generator<Awaitable<unknown>, R, unknown>;

export function* wait<T>(awaitable: Awaitable<T>): Steps<T> {
  return (yield awaitable) as T;
}
// #endregion

/** What the executor knows of a task, whatever its result is. */
interface Scheduled {
  step(): void;
  abort(): void;
}

// #region task
/** A coroutine under way. It can be awaited by another (`yield* wait(task)`) and by ordinary async code (`await task`). */
export class Task<R> implements Awaitable<R>, PromiseLike<R>, Scheduled {
  readonly #steps: Steps<R>;
  readonly #context: Context;
  readonly #waiters: { wake(): void }[] = [];
  readonly #settled = Promise.withResolvers<R>();
  #awaited: Awaitable<unknown> | undefined;
  #outcome: (() => R) | undefined;

  constructor(steps: Steps<R>, runtime: Runtime) {
    this.#steps = steps;
    this.#context = { waker: { wake: () => runtime.schedule(this) }, runtime };
    this.#settled.promise.catch(() => {}); // whoever awaits it will see
    this.#context.waker.wake();
  }

  get ended(): boolean {
    return this.#outcome !== undefined;
  }

  /** @internal For the executor: goes on as far as it can. */
  step(): void {
    if (this.ended) return;
    try {
      for (;;) {
        const { done, value } = this.#resume();
        if (value === NOT_READY) return;
        if (done === true) {
          this.#end(() => value as R);
          return;
        }
        this.#awaited = value as Awaitable<unknown>;
      }
    } catch (error) {
      this.#end(() => {
        throw error;
      });
    }
  }

  /** Polls what is awaited, and resumes the generator with what came of it, a value or an error. */
  #resume(): IteratorResult<unknown, unknown> {
    let value: unknown;
    try {
      value = this.#awaited?.poll(this.#context);
    } catch (error) {
      return this.#steps.throw(error);
    }
    return value === NOT_READY ? { done: false, value } : this.#steps.next(value);
  }

  abort(): void {
    if (this.ended) return;
    this.#awaited?.cancel?.(this.#context);
    this.#steps.return(undefined as R); // runs its `finally` blocks
    this.#end(() => {
      throw new Error('cancelled');
    });
  }

  #end(outcome: () => R): void {
    this.#outcome = outcome;
    this.#settled.resolve(Promise.try(outcome));
    for (const waiter of this.#waiters) waiter.wake();
    this.#context.runtime.over(this);
  }

  poll({ waker }: Context): R | NotReady {
    if (this.#outcome !== undefined) return this.#outcome();
    this.#waiters.push(waker);
    return NOT_READY;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- this is what makes it a PromiseLike
  then<A = R, B = never>(
    onFulfilled?: ((value: R) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settled.promise.then(onFulfilled, onRejected);
  }
}
// #endregion

// #region runtime
export class Runtime implements Disposable {
  readonly #queue = new EventQueue();
  readonly #events = new Events(64);
  readonly #wakers = new Map<number, { wake(): void }>();
  readonly #timers = new Map<object, { readonly at: number; readonly waker: { wake(): void } }>();
  readonly #tasks = new Set<Scheduled>();
  readonly #ready = new Set<Scheduled>();

  spawn<R>(steps: Steps<R>): Task<R> {
    const task = new Task(steps, this);
    this.#tasks.add(task);
    return task;
  }

  /** Until every task has ended. */
  run(): void {
    while (this.#tasks.size > 0) {
      for (const task of this.#ready) {
        this.#ready.delete(task);
        task.step();
      }
      if (this.#tasks.size > 0) this.#sleep();
    }
  }

  /** The reactor: sleeps until the next event or the next timer, and wakes whom it concerns. */
  #sleep(): void {
    const next = Math.min(...[...this.#timers.values()].map(({ at }) => at));
    this.#queue.wait(this.#events, next === Infinity ? null : Math.max(0, next - performance.now()));
    for (const { token } of this.#events) this.#wakers.get(token)?.wake();
    for (const { at, waker } of this.#timers.values()) if (at <= performance.now()) waker.wake();
  }

  [Symbol.dispose](): void {
    for (const task of this.#tasks) task.abort();
    this.#queue.close();
  }
  // #endregion

  /** @internal For tasks. */
  schedule(task: Scheduled): void {
    this.#ready.add(task);
  }

  /** @internal For tasks. */
  over(task: Scheduled): void {
    this.#tasks.delete(task);
  }

  /** @internal For leaves: one timer for each key. */
  wakeAt(key: object, at: number, waker: { wake(): void }): void {
    this.#timers.set(key, { at, waker });
  }

  /** @internal For leaves. */
  forgetTimer(key: object): void {
    this.#timers.delete(key);
  }

  /** For leaves: wakes once when the descriptor can be read. */
  whenReadable(fd: number, waker: { wake(): void }): void {
    if (this.#wakers.has(fd)) this.#queue.reregister(fd, fd, Interest.READABLE, 'oneshot');
    else this.#queue.register(fd, fd, Interest.READABLE, 'oneshot');
    this.#wakers.set(fd, waker);
  }

  /** For leaves, before the descriptor is closed. */
  forget(fd: number): void {
    if (this.#wakers.delete(fd)) this.#queue.deregister(fd);
  }
}
