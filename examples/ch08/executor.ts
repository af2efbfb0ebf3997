/**
 * The executor: knows which tasks are ready, and polls those. It knows no event and no socket.
 *
 * What must hold: a task that was woken is polled, however often it was woken once; a task that was not is left alone.
 *
 * The library's is `packages/pawl/src/task/runtime.ts`, with a task tree, budgets and cancellation.
 */
import { NOT_READY, type SmallFuture } from '../ch07/future.ts';
import type { Waker } from './waker.ts';

/** A task is its own waker. */
class Task implements Waker {
  readonly #ready: Set<Task>;
  readonly future: SmallFuture<void, Waker>;

  constructor(ready: Set<Task>, future: SmallFuture<void, Waker>) {
    this.#ready = ready;
    this.future = future;
  }

  wake(): void {
    this.#ready.add(this);
  }
}

// #region executor
export class Executor {
  readonly #ready = new Set<Task>();
  readonly #name: string;
  readonly #log: (line: string) => void;
  #pending = 0;
  polls = 0;

  constructor(name: string, log: (line: string) => void = console.log) {
    this.#name = name;
    this.#log = log;
  }

  spawn(future: SmallFuture<void, Waker>): void {
    this.#pending++;
    new Task(this.#ready, future).wake();
  }

  /** Runs until every task has ended. `sleep` returns when a waker has been called. */
  run(sleep: () => void): void {
    for (;;) {
      for (const task of this.#ready) {
        this.#ready.delete(task); // first, so that a wake during its poll is kept
        this.polls++;
        if (task.future.poll(task) !== NOT_READY) this.#pending--;
      }
      if (this.#pending === 0) break;
      this.say(`${this.#pending} pending tasks. Sleep until notified.`);
      sleep();
    }
    this.say('All tasks are finished');
  }

  say(words: string): void {
    this.#log(`${this.#name}: ${words}`);
  }
}
// #endregion
