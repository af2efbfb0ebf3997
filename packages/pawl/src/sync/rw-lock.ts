/**
 * RwLock: many readers, or one writer.
 *
 * What must hold: the queue is strict, so a reader that comes after a waiting writer waits behind it and no writer starves; readers that
 * stand one after the other in the queue go in together. Whoever leaves the head of the queue lets the next ones try.
 */
import type { Context, Waker } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, Waiter } from '../future/waiter.ts';
import { spend } from '../task/budget.ts';
import { suspect } from './deadlock.ts';
import { type Named, title } from './named.ts';
import { currentStrand, forget, Holding, Holdings, note, strandOf, tasksOf } from './strand.ts';

abstract class AnyGuard extends Holding implements Disposable {
  /** @internal Null once it has been released. */
  declare protected lock: RwLock | null;

  /** @internal */
  constructor(lock: RwLock, strand: Waker | null) {
    super(strand);
    this.lock = lock;
  }

  /** Lets go; doing so again does nothing. */
  release(): void {
    const { lock } = this;
    if (lock === null) return;
    this.lock = null;
    lock.leave(this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** A reader's share of an {@link RwLock}. */
export class ReadGuard extends AnyGuard {}

/** A writer's possession of an {@link RwLock}. */
export class WriteGuard extends AnyGuard {
  /** Goes on as a reader, with no other writer in between. Null when it was released before. */
  downgrade(): ReadGuard | null {
    const { lock, strand } = this;
    if (lock === null) return null;
    this.lock = null;
    return lock.downgrade(this, strand);
  }
}

/**
 * A lock that many readers share, or one writer has for itself. It prefers writers: a reader that comes after a waiting writer waits for
 * it. A reader that asks again while a writer waits therefore waits for itself, which is reported as DEADLOCK.
 *
 * @example
 * ```ts
 * import { blockOn, coroutine, join, sleep } from 'pawl';
 * import { RwLock } from 'pawl/sync';
 * const lock = new RwLock();
 * let routes = ['a'];
 * const reader = coroutine(function* () {
 *   using _guard = yield* lock.read();
 *   const before = routes;
 *   yield* sleep(1); // other readers get in here, a writer does not
 *   return before === routes;
 * });
 * const writer = coroutine(function* () {
 *   using _guard = yield* lock.write();
 *   routes = [...routes, 'b'];
 *   return true;
 * });
 * console.log(blockOn(join([reader(), reader(), writer(), reader()]))); // [ true, true, true, true ]
 * ```
 */
export class RwLock {
  readonly name: string | undefined;
  /** @internal */
  readonly waiters = new WaitList<Access<AnyGuard>>();
  /** @internal The guards of those who are inside. */
  readonly holdings = new Holdings();
  private inside = 0;
  private written = false;

  constructor(options: Named = {}) {
    this.name = options.name;
  }

  /** How many readers are inside. */
  get readers(): number {
    return this.written ? 0 : this.inside;
  }

  /** True while a writer is inside. */
  get writing(): boolean {
    return this.written;
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Goes in as a reader, when its turn has come. Cancelling it *loses its place* in the queue, never the lock. */
  read(): Future<ReadGuard> {
    return new Read(this);
  }

  /** Goes in as the only one, when its turn has come. Cancelling it *loses its place* in the queue, never the lock. */
  write(): Future<WriteGuard> {
    return new Write(this);
  }

  /** Goes in as a reader if that needs no waiting, else gives null. */
  tryRead(): ReadGuard | null {
    return this.has(false) ? this.enter(new ReadGuard(this, currentStrand()), false) : null;
  }

  /** Goes in as a writer if that needs no waiting, else gives null. */
  tryWrite(): WriteGuard | null {
    return this.has(true) ? this.enter(new WriteGuard(this, currentStrand()), true) : null;
  }

  /** @internal Whether one who comes now may go in. */
  has(writes: boolean): boolean {
    return this.waiters.size === 0 && this.allows(writes);
  }

  /** @internal */
  enter<G extends AnyGuard>(guard: G, writes: boolean): G {
    this.inside++;
    this.written = writes;
    this.holdings.add(guard);
    note(guard.strand, guard, writes ? 'write lock' : 'read lock', this.name);
    return guard;
  }

  /** @internal */
  leave(guard: AnyGuard): void {
    this.written = false;
    this.drop(guard);
    this.serve();
  }

  private drop(guard: AnyGuard): void {
    forget(guard.strand, guard);
    this.inside--;
    this.holdings.remove(guard);
  }

  /** @internal */
  downgrade(guard: WriteGuard, strand: Waker | null): ReadGuard {
    this.drop(guard);
    const reader = this.enter(new ReadGuard(this, strand), false);
    this.serve();
    return reader;
  }

  /** @internal Lets in from the head of the queue on, as far as it goes. */
  serve(): void {
    const { waiters } = this;
    for (let { first } = waiters; first !== null && this.allows(first.writes); { first } = waiters) {
      waiters.remove(first);
      first.guard = first.enter(first.waker as Waker);
      first.grant();
    }
  }

  private allows(writes: boolean): boolean {
    return writes ? this.inside === 0 : !this.written;
  }
}

abstract class Access<G extends AnyGuard> extends Waiter<G> {
  declare readonly lock: RwLock;
  /** What it was granted. */
  declare guard: AnyGuard | null;

  constructor(lock: RwLock) {
    super();
    this.lock = lock;
    this.guard = null;
    if (creations !== null) creations.leaf(this, 'lock.read() or write()');
  }

  abstract readonly writes: boolean;
  abstract enter(strand: Waker): G;

  protected override get list(): WaitList<Access<AnyGuard>> {
    return this.lock.waiters;
  }

  protected override begin(cx: Context): Poll<G> {
    if (!this.lock.has(this.writes)) {
      this.wait(cx);
      suspect(this, cx);
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return this.enter(strandOf(cx));
  }

  protected override take(): G {
    const { guard } = this;
    this.guard = null;
    return guard as G;
  }

  protected override left(): void {
    this.lock.serve();
  }

  protected override giveBack(): void {
    this.guard?.release();
  }

  override holders(): Waker[] {
    return this.lock.holdings.strands();
  }

  override clearlyFree(isFree: (holder: Waker | null, start: Waker) => boolean, start: Waker): boolean {
    for (let { first: holding } = this.lock.holdings; holding !== null; holding = holding.after)
      if (!isFree(holding.strand, start)) return false;
    return true;
  }

  override get anyHolder(): boolean {
    return true;
  }

  protected override tell(): WaitInfo {
    const what = `${this.writes ? 'write' : 'read'} lock of ${title('lock', this.lock.name)}`;
    return { what, resource: this.lock, holders: tasksOf(this.holders()) };
  }
}

class Read extends Access<ReadGuard> {
  override get writes(): boolean {
    return false;
  }

  override enter(strand: Waker): ReadGuard {
    return this.lock.enter(new ReadGuard(this.lock, strand), false);
  }
}

class Write extends Access<WriteGuard> {
  override get writes(): boolean {
    return true;
  }

  override enter(strand: Waker): WriteGuard {
    return this.lock.enter(new WriteGuard(this.lock, strand), true);
  }
}
