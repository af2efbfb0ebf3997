/**
 * OnceCell: a value that is made once, by the first who needs it.
 *
 * What must hold: one initialiser runs at a time, and none after one has succeeded. An initialiser that fails or is cancelled leaves the
 * cell empty, and the next who waits tries his own.
 */
import { PawlError } from '../error/index.ts';
import { coroutine, start, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { ready } from '../future/ready.ts';
import { Mutex } from './mutex.ts';
import { type Named, title } from './named.ts';

const EMPTY = Symbol('empty');

/**
 * A cell that is filled once.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join, sleep } from 'pawl';
 * import { OnceCell } from 'pawl/sync';
 * const settings = new OnceCell<string>();
 * let loads = 0;
 * const load = coroutine(function* () {
 *   loads++;
 *   yield* sleep(1);
 *   return 'dark mode';
 * });
 * const both = blockOn(join([settings.getOrInit(load), settings.getOrInit(load)]));
 * console.log(both, loads); // [ 'dark mode', 'dark mode' ] 1
 * ```
 */
export class OnceCell<T> {
  readonly name: string | undefined;
  private content: T | typeof EMPTY = EMPTY;
  private readonly turn: Mutex;

  constructor(options: Named = {}) {
    this.name = options.name;
    this.turn = new Mutex({ name: title('cell', options.name) });
  }

  /** True once it has a value. */
  get filled(): boolean {
    return this.content !== EMPTY;
  }

  /** The value; undefined while there is none. */
  get(): T | undefined {
    return this.content === EMPTY ? undefined : this.content;
  }

  /** Fills the cell. ALREADY_COMPLETED when it has a value; BUSY while an initialiser runs. */
  set(value: T): void {
    if (this.content !== EMPTY)
      throw new PawlError('ALREADY_COMPLETED', `${title('cell', this.name)} has a value already`);
    if (this.turn.locked)
      throw new PawlError('BUSY', `${title('cell', this.name)} is being initialised: its value is on the way`);
    this.content = value;
  }

  /**
   * The value, made by `init` if there is none. Others who ask meanwhile wait for that one; if it fails, or its task is cancelled, the
   * first of them tries his own. The failure is thrown to the one whose `init` it was.
   *
   * Cancelling it while it waits *loses its place*; while its own `init` runs, it cancels that. Errors: what `init` throws.
   */
  getOrInit(init: Body<[], T>): Future<Flattened<T>> {
    const { content } = this;
    return (content === EMPTY ? this.initialise(init) : ready(content)) as Future<unknown> as Future<Flattened<T>>;
  }

  private readonly initialise = coroutine(function* (this: OnceCell<T>, init: Body<[], T>) {
    using _turn = yield* this.turn.lock();
    if (this.content === EMPTY) this.content = yield* start(init);
    return this.content;
  });
}
