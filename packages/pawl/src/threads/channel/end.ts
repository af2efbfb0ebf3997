/**
 * What both ends of a channel between threads have in common: a queue of those who wait here for the other end.
 *
 * What must hold: a unit (a place for a message, or a message) that was granted to somebody who waits is nobody else's until he has taken it or
 * was cancelled. Who comes while others wait stands behind them. Before anybody sleeps the flags are raised, and then it is looked once more.
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { WaitInfo } from '../../future/wait-info.ts';
import { WaitList } from '../../future/wait-list.ts';
import { DONE, Waiter } from '../../future/waiter.ts';
import { spend } from '../../task/budget.ts';
import type { LinkEnd } from './link.ts';
import { Mailbox } from './mailbox.ts';

export abstract class End implements Disposable {
  /** A few words, for people. */
  readonly title: string;
  /** @internal */
  readonly waiters: WaitList<UnitWaiter<unknown>> = new WaitList();
  /** @internal Units that are somebody's who has not taken them yet. */
  granted = 0;
  /** @internal */
  protected readonly mailbox: Mailbox;
  private state: 'open' | 'closed' | 'moved' = 'open';

  /** @internal */
  constructor(title: string) {
    this.title = title;
    this.mailbox = Mailbox.enter(this);
  }

  /** @internal */
  abstract get links(): readonly LinkEnd[];
  /** @internal Units that are there, granted ones among them. */
  abstract units(): number;
  /** @internal No more units can come. Asked before the units are counted. */
  abstract isOver(): boolean;

  /** True when nothing can be done with it here any more: it was closed, or given to another thread. */
  get closed(): boolean {
    return this.state !== 'open';
  }

  /** Closes this end: the other hears of it after what was sent. Who waits here gets CLOSED. Harmless when closed. */
  close(): void {
    this.leave('closed', (link) => link.close());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal Throws when it is closed or was given away. */
  check(operation: string): void {
    if (this.state === 'open') return;
    const how = this.state === 'moved' ? 'was given to another thread' : 'is closed';
    throw new PawlError('CLOSED', `${operation} on an end of ${this.title} that ${how}`);
  }

  /** @internal Somebody waits: looks once more, with the flags raised. */
  sleep(): void {
    this.mailbox.wait(this);
    this.look();
  }

  /** @internal Grants what is there; raises the flags if somebody still waits. */
  look(): void {
    const { waiters } = this;
    for (let raised = false; waiters.size > 0; raised = true) {
      const over = this.closed || this.isOver();
      let free = this.closed ? 0 : this.units() - this.granted;
      for (let left = over ? waiters.size : Math.min(free, waiters.size); left > 0; left--) {
        const waiter = waiters.shift()!;
        waiter.placed = free > 0;
        if (free-- > 0) this.granted++;
        waiter.grant();
      }
      if (raised || waiters.size === 0) break;
      for (const link of this.links) link.raise();
    }
    if (waiters.size === 0) this.mailbox.rest(this);
  }

  /** @internal Who waited has gone. */
  rest(): void {
    if (this.waiters.size === 0) this.mailbox.rest(this);
  }

  /** @internal Throws CLOSED, or BUSY while somebody waits, who would wait for ever. */
  checkMove(): void {
    this.check('a move');
    if (this.waiters.size > 0 || this.granted > 0)
      throw new PawlError(
        'BUSY',
        `an end of ${this.title} cannot be moved to another thread while a task here waits for it`,
      );
  }

  /** @internal Throws as {@link checkMove} does. */
  protected moveOut<T>(each: (link: LinkEnd) => T): T[] {
    this.checkMove();
    const moved: T[] = [];
    this.leave('moved', (link) => moved.push(each(link)));
    return moved;
  }

  private leave(state: 'closed' | 'moved', each: (link: LinkEnd) => void): void {
    if (this.closed) return;
    this.state = state;
    for (const link of this.links) each(link);
    this.look();
    this.mailbox.leave(this);
  }
}

/** @internal Waits for a unit of an end. */
export abstract class UnitWaiter<R> extends Waiter<R> {
  declare protected readonly end: End;
  /** Granted with a unit; false when it is only told that no more can come. */
  declare placed: boolean;

  constructor(end: End) {
    super();
    this.end = end;
    this.placed = false;
  }

  /** Called at the first poll; may throw. */
  protected arrive(): void {}
  /** Uses up a unit that is there. */
  protected abstract use(): R;
  /** No unit is there and none will come. */
  protected abstract ended(): R;
  /** Waits a bounded time, awake; true if a unit has come. */
  protected spin(): boolean {
    return false;
  }

  protected override get list(): WaitList<UnitWaiter<unknown>> {
    return this.end.waiters;
  }

  protected override begin(cx: Context): Poll<R> {
    const { end } = this;
    this.arrive();
    const over = end.closed || end.isOver();
    const alone = end.waiters.size === 0;
    const there = !end.closed && alone && (end.units() > end.granted || (!over && this.spin()));
    if (!there && !over) {
      this.wait(cx);
      end.sleep();
      return PENDING;
    }
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return there ? this.use() : this.ended();
  }

  protected override take(): R {
    if (!this.placed) return this.ended();
    this.end.granted--;
    // Closed meanwhile on this side: what was granted went with it.
    return this.end.closed ? this.ended() : this.use();
  }

  protected override left(): void {
    this.end.rest();
  }

  protected override giveBack(): void {
    if (!this.placed) return;
    this.end.granted--;
    this.end.look();
  }

  protected abstract override tell(): WaitInfo;
}
