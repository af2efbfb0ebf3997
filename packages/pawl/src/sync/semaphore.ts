/**
 * Semaphore: a number of permits, handed out strictly in the order of asking.
 *
 * What must hold: permits are conserved: those that are free, those that are held and those that were forgotten are always as many as
 * were ever put in. Nobody overtakes, however few permits he wants; whoever leaves the head of the queue lets the next one try.
 */
import { PawlError } from '../error/index.ts';
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, Waiter } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { suspect } from './deadlock.ts';
import { checkCount, type Named, title } from './named.ts';
import { currentStrand, Holding, Holdings, strandOf, tasksOf } from './strand.ts';

/** Possession of some permits of a {@link Semaphore}. Disposing of it gives them back; doing so again does nothing. */
export class Permit extends Holding implements Disposable {
  private readonly semaphore: Semaphore;
  private held: number;

  /** @internal */
  constructor(semaphore: Semaphore, count: number, strand: Waker | null) {
    super(strand);
    this.semaphore = semaphore;
    this.held = count;
  }

  /** How many permits it still has. */
  get count(): number {
    return this.held;
  }

  /** Gives the permits back. */
  release(): void {
    const count = this.forget();
    if (count > 0) this.semaphore.put(count);
  }

  /** Takes the permits out of the semaphore for good, or until `add`; how many they were. */
  forget(): number {
    const { held } = this;
    if (held === 0) return 0;
    this.held = 0;
    this.semaphore.holdings.remove(this);
    return held;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Permits that tasks take and give back: a limit on how many do something at once.
 *
 * `using permit = yield* semaphore.acquire()` gives it back at the end of the block, however that is left. The queue is strict: who wants
 * many permits is not overtaken by those who want few.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join, Semaphore, sleep } from 'pawl';
 * const atOnce = new Semaphore(2);
 * let running = 0;
 * let most = 0;
 * const job = coroutine(function* () {
 *   using _permit = yield* atOnce.acquire();
 *   most = Math.max(most, ++running);
 *   yield* sleep(1);
 *   running--;
 * });
 * blockOn(join(Array.from({ length: 10 }, () => job())));
 * console.log(most); // 2
 * ```
 */
export class Semaphore {
  readonly name: string | undefined;
  /** @internal */
  readonly waiters = new WaitList<Acquire>();
  /** @internal */
  readonly holdings = new Holdings();
  /** @internal */
  free: number;
  /** @internal */
  closed = false;

  /** BAD_ARGUMENT unless `permits` is a whole number, zero or more. */
  constructor(permits: number, options: Named = {}) {
    checkCount('the permits of a semaphore', permits, 0);
    this.free = permits;
    this.name = options.name;
  }

  /** Permits that can be taken now. While somebody waits, they are kept for him. */
  get available(): number {
    return this.free;
  }

  /** How many wait for permits. */
  get waiting(): number {
    return this.waiters.size;
  }

  /**
   * Takes `count` permits, waiting for its turn. Cancelling it *loses its place* in the queue, never a permit.
   *
   * Errors: BAD_ARGUMENT unless `count` is a whole number, at least 1; CLOSED when the semaphore is closed, also while it waits.
   *
   * @example
   * ```ts
   * import { blockOn, coroutine, Semaphore } from 'pawl';
   * const megabytes = new Semaphore(64);
   * const main = coroutine(function* () {
   *   using _memory = yield* megabytes.acquire(16);
   *   console.log(megabytes.available); // 48
   * });
   * blockOn(main());
   * ```
   */
  acquire(count = 1): Future<Permit> {
    if (count !== 1) checkCount('the number of permits', count, 1);
    return new Acquire(this, count);
  }

  /** Takes `count` permits if they are free now and nobody waits, else gives null. CLOSED when it is closed; BAD_ARGUMENT. */
  tryAcquire(count = 1): Permit | null {
    checkCount('the number of permits', count, 1);
    if (this.closed) throw this.closedError();
    return this.has(count) ? this.hand(count, currentStrand()) : null;
  }

  /** Puts in new permits. BAD_ARGUMENT unless `count` is a whole number, zero or more. */
  add(count: number): void {
    checkCount('the number of permits', count, 0);
    this.put(count);
  }

  /** Everybody who waits, and whoever comes, is thrown CLOSED. Permits that are held stay valid. */
  close(): void {
    this.closed = true;
    for (let waiter = this.waiters.shift(); waiter !== null; waiter = this.waiters.shift()) waiter.grant();
  }

  /** @internal */
  has(count: number): boolean {
    return this.waiters.size === 0 && this.free >= count;
  }

  /** @internal */
  hand(count: number, strand: Waker | null): Permit {
    this.free -= count;
    const permit = new Permit(this, count, strand);
    this.holdings.add(permit);
    return permit;
  }

  /** @internal */
  put(count: number): void {
    this.free += count;
    this.serve();
  }

  /** @internal Hands out permits from the head of the queue on, as far as they go. */
  serve(): void {
    const { waiters } = this;
    for (let { first } = waiters; first !== null && this.free >= first.count; { first } = waiters) {
      waiters.remove(first);
      first.permit = this.hand(first.count, first.waker);
      first.grant();
    }
  }

  /** @internal */
  closedError(): PawlError {
    return new PawlError('CLOSED', `acquire on ${title('semaphore', this.name)}, which is closed`);
  }
}

class Acquire extends Waiter<Permit> {
  readonly semaphore: Semaphore;
  readonly count: number;
  /** What it was granted; null when it was only told that the semaphore is closed. */
  permit: Permit | null = null;

  constructor(semaphore: Semaphore, count: number) {
    super();
    this.semaphore = semaphore;
    this.count = count;
    if (creations !== null) creations.leaf(this, 'semaphore.acquire(…)');
  }

  protected override get list(): WaitList<Acquire> {
    return this.semaphore.waiters;
  }

  protected override begin(cx: Context): Poll<Permit> {
    const { semaphore, count } = this;
    if (semaphore.closed) {
      this.state = DONE;
      throw semaphore.closedError();
    }
    if (!semaphore.has(count)) {
      this.wait(cx);
      suspect(this, cx);
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return semaphore.hand(count, strandOf(cx));
  }

  protected override take(): Permit {
    const { permit } = this;
    if (permit === null) throw this.semaphore.closedError();
    this.permit = null;
    return permit;
  }

  protected override left(): void {
    this.semaphore.serve();
  }

  protected override giveBack(): void {
    this.permit?.release();
  }

  override holders(): Waker[] {
    return this.semaphore.holdings.strands();
  }

  override clearlyFree(isFree: (holder: Waker | null, start: Waker) => boolean, start: Waker): boolean {
    // One who can go on may bring enough permits; nobody holds any of an empty one.
    return isFree(this.semaphore.holdings.first?.strand ?? null, start);
  }

  override get movable(): boolean {
    return true;
  }

  protected override tell(): WaitInfo {
    const { semaphore, count } = this;
    const what = `${count} permit${count === 1 ? '' : 's'} of ${title('semaphore', semaphore.name)}`;
    return { what, resource: semaphore, holders: tasksOf(this.holders()) };
  }
}
