/** A watch over the reactor: inotify's descriptor becomes readable like a socket. */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { openWatch, type RawEvent, readEvents } from '../../../sys/inotify.ts';
import {
  IN_ATTRIB,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_Q_OVERFLOW,
  IN_UNMOUNT,
} from '../../../sys/linux.ts';
import { READABLE } from '../../../sys/queue/readiness.ts';
import type { WatchEvent, WatchHandle } from '../../files.ts';
import type { Reactor } from '../reactor.ts';
import { Source } from '../source.ts';

const KINDS: readonly (readonly [mask: number, kind: WatchEvent['kind']])[] = [
  [IN_Q_OVERFLOW, 'overflow'],
  [IN_CREATE, 'created'],
  [IN_DELETE, 'removed'],
  [IN_MODIFY, 'modified'],
  [IN_CLOSE_WRITE, 'closed-write'],
  [IN_ATTRIB, 'attributes'],
  [IN_MOVED_FROM, 'moved-from'],
  [IN_MOVED_TO, 'moved-to'],
  // The watch of a file that has other names ends with the last of them: only IGNORED says so.
  [IN_IGNORED | IN_UNMOUNT, 'gone'],
];

export class NativeWatch extends Source implements WatchHandle {
  readonly path: string;

  constructor(reactor: Reactor, path: string) {
    super(reactor, openWatch(path), 0);
    this.path = path;
    try {
      reactor.register(this, false);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get what(): string {
    return `watch of ${this.path}`;
  }

  pollEvents(cx: Context): Poll<WatchEvent[]> {
    this.checkDriver(cx);
    if (this.fd < 0) throw new PawlError('CLOSED', `the watch has been closed: '${this.path}'`, { path: this.path });
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const raw = readEvents(this.fd);
      if (raw.length === 0) this.clearReadable(generation);
      else {
        const events = raw.flatMap(toEvent);
        if (events.length > 0) return events;
      }
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(): void {
    this.takeReader();
  }
}

function toEvent({ mask, cookie, name }: RawEvent): WatchEvent[] {
  // Each is followed by another that says it: the removal by IGNORED; a move of what is watched changes nothing about it.
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) !== 0) return [];
  const kind = KINDS.find(([bits]) => (mask & bits) !== 0)?.[1];
  if (kind === undefined) return [];
  return [{ kind, ...(name === '' ? {} : { name }), ...(cookie === 0 ? {} : { cookie }) }];
}
