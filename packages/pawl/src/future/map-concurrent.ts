/**
 * MapConcurrent: a function that makes a future of each item, so many of them at a time.
 *
 * What must hold: at most `limit` futures are alive; an item is pulled from its iterator only when there is room for it, so memory
 * is bounded by the results. The iterator is closed however it ends. A branch serves one item after the other: in a steady state nothing
 * is allocated but what the function makes. A poll starts a bounded number of items, so that items which are ready at once starve nobody.
 */
import { PawlError } from '../error/index.ts';
import { Branch } from './branch.ts';
import { Combinator } from './combinator.ts';
import { start, type Body, type Flattened } from './coroutine.ts';
import type { Future } from './future.ts';

/** How {@link mapConcurrent} goes about it. */
export interface MapConcurrentOptions {
  /** Results in the order of the items; `false`: in the order of completion. Default true. */
  readonly ordered?: boolean;
}

/** Items that one poll starts: beyond it the other tasks have their turn. */
const STARTS = 256;

class MapConcurrent<T, U> extends Combinator<U[]> {
  private readonly items: Iterable<T>;
  private readonly limit: number;
  private readonly ordered: boolean;
  private readonly make: Body<[T, number], U>;
  private iterator: Iterator<T> | null = null;
  private exhausted = false;
  private readonly results: U[] = [];
  /** The item that each slot is busy with, by its number. */
  private readonly positions: number[] = [];
  /** Slots without a future. */
  private readonly free: number[] = [];
  private started = 0;
  private running = 0;
  /** The branch of each slot: it serves one item after the other. */
  private readonly branches: Branch[] = [];

  constructor(items: Iterable<T>, limit: number, make: Body<[T, number], U>, ordered: boolean) {
    super([], true);
    this.items = items;
    this.limit = limit;
    this.make = make;
    this.ordered = ordered;
  }

  /** An item's number. */
  protected override branchName(slot: number): string {
    return String(this.positions[slot]);
  }

  protected override get title(): string {
    return `mapConcurrent, ${this.limit} at a time`;
  }

  protected override onStart(): void {
    try {
      this.iterator = this.items[Symbol.iterator]();
    } catch (error) {
      this.reject(error);
    }
  }

  protected override refill(): void {
    let starts = 0;
    while (!this.exhausted && this.running < this.limit) {
      if (starts++ === STARTS) {
        this.cx.waker.wake();
        return;
      }
      const future = this.pull();
      if (this.decided) return;
      if (future === null) break;
      const slot = this.free.pop() ?? this.positions.length;
      this.positions[slot] = this.started++;
      if (this.ordered) this.results.push(undefined as U);
      this.running++;
      const branch = (this.branches[slot] ??= new Branch(this, slot, future));
      branch.future = future;
      this.launch(branch);
      if (this.decided) return;
    }
    if (this.exhausted && this.running === 0) this.resolve(this.results);
  }

  /** The future of the next item; null when there is none. */
  private pull(): Future<unknown> | null {
    let next: IteratorResult<T>;
    try {
      next = (this.iterator as Iterator<T>).next();
    } catch (error) {
      // An iterator that throws has ended.
      this.exhausted = true;
      this.reject(error);
      return null;
    }
    if (next.done === true) {
      this.exhausted = true;
      return null;
    }
    try {
      return start(this.make, next.value, this.started);
    } catch (error) {
      this.reject(error);
      return null;
    }
  }

  protected override onValue(slot: number, value: unknown): void {
    if (this.ordered) this.results[this.positions[slot] as number] = value as U;
    else this.results.push(value as U);
    this.free.push(slot);
    this.running--;
  }

  protected override onEnd(): void {
    if (this.exhausted || this.iterator === null) return;
    this.exhausted = true;
    try {
      this.iterator.return?.();
    } catch (error) {
      this.collect(error);
    }
  }
}

/**
 * Calls `fn` with each item and its number, and runs the futures that it makes concurrently in the caller's task, at most `limit` of
 * them at a time. Gives the results in the order of the items, or, with `{ ordered: false }`, in the order of completion. Items are
 * pulled from the iterable one by one, when there is room.
 *
 * When one fails, no further item is started, the others are cancelled and cleaned up, the iterator is closed, and the error is thrown.
 *
 * Cancelling it cancels what is running and closes the iterator; the results that were there are lost (*loses data*): let `fn` keep
 * what must survive. Errors: what the first failing future, `fn` or the iterator throws; BAD_ARGUMENT when `limit` is no whole number
 * above zero (`Infinity` starts everything at once); NOT_A_FUTURE when `fn` makes none; a SuppressedError when a cleanup failed too.
 *
 * @example
 * ```ts
 * import { blockOn, mapConcurrent, sleep } from 'pawl';
 * const squares = mapConcurrent([1, 2, 3, 4], 2, function* (n) {
 *   yield* sleep(1);
 *   return n * n;
 * });
 * console.log(blockOn(squares)); // [ 1, 4, 9, 16 ]
 * ```
 */
export function mapConcurrent<T, U>(
  items: Iterable<T>,
  limit: number,
  fn: Body<[item: T, index: number], U>,
  options: MapConcurrentOptions = {},
): Future<Flattened<U>[]> {
  if (!(limit === Infinity || (Number.isSafeInteger(limit) && limit > 0)))
    throw new PawlError('BAD_ARGUMENT', `mapConcurrent: limit must be a whole number above zero, got ${String(limit)}`);
  if (typeof (items as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new PawlError('BAD_ARGUMENT', `mapConcurrent takes an iterable, got ${typeof items}`);
  if (typeof fn !== 'function') throw new PawlError('BAD_ARGUMENT', `mapConcurrent takes a function, got ${typeof fn}`);
  const { ordered = true } = options;
  return new MapConcurrent(items, limit, fn, ordered) as Future<unknown> as Future<Flattened<U>[]>;
}
