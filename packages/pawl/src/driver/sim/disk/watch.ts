/** SimWatch: a watch of a file or directory of a simulated disk. As inotify's: what says the same as the last one is told once. */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import type { WatchEvent, WatchHandle } from '../../files.ts';
import type { SimDriver } from '../driver.ts';
import { SimSource } from '../source.ts';
import type { Inode, Watcher } from './inode.ts';

/** fs.inotify.max_queued_events. */
const MOST = 16_384;

export class SimWatch extends SimSource implements WatchHandle, Watcher {
  readonly path: string;
  private readonly inode: Inode;
  private events: WatchEvent[] = [];

  constructor(driver: SimDriver, inode: Inode, path: string) {
    super(driver, 'inotify_init');
    this.path = path;
    this.inode = inode;
    inode.watchers.add(this);
  }

  get what(): string {
    return `watch of ${this.path}`;
  }

  pollEvents(cx: Context): Poll<WatchEvent[]> {
    this.checkDriver(cx);
    if (this.closed) throw new PawlError('CLOSED', `the watch has been closed: '${this.path}'`, { path: this.path });
    const { events } = this;
    if (events.length === 0) {
      this.storeReader(cx.waker);
      return PENDING;
    }
    if (this.saysAgain(cx.waker, 'read')) return PENDING;
    this.events = [];
    return events;
  }

  forget(): void {
    this.take('read');
  }

  tell(kind: WatchEvent['kind'], name?: string): void {
    this.push({ kind, ...(name === undefined ? {} : { name }) });
  }

  moved(kind: 'moved-from' | 'moved-to', name: string, cookie: number): void {
    this.push({ kind, name, cookie });
  }

  protected override release(): void {
    this.inode.watchers.delete(this);
    this.events = [];
  }

  private push(event: WatchEvent): void {
    const { events } = this;
    const last = events.at(-1);
    if (last !== undefined && last.kind === event.kind && last.name === event.name && event.cookie === undefined)
      return;
    if (events.length < MOST) events.push(event);
    else if (last?.kind !== 'overflow') events.push({ kind: 'overflow' });
    this.wake('read');
  }
}
