/** Watches of files and directories: inotify(7). */
import { Buffer } from 'node:buffer';
import { arena } from './arena.ts';
import { closeDescriptor, opened } from './descriptors.ts';
import { check, EAGAIN, EINTR, systemError } from './errno.ts';
import {
  IN_ATTRIB,
  IN_CLOEXEC,
  IN_CLOSE_WRITE,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_NONBLOCK,
  INOTIFY_EVENT,
} from './linux.ts';
import { requirePath } from './ffi/index.ts';
import * as sys from './syscalls/index.ts';

const WATCHED =
  IN_CREATE |
  IN_DELETE |
  IN_MODIFY |
  IN_CLOSE_WRITE |
  IN_ATTRIB |
  IN_MOVED_FROM |
  IN_MOVED_TO |
  IN_DELETE_SELF |
  IN_MOVE_SELF;

/** At least one event with the longest name, and a few hundred with names of common length. */
const SIZE = 16 * 1024;
const LONGEST_PATH = 4096;

const events = arena.take(SIZE);
const eventBytes = Buffer.from(events.bytes.buffer, events.bytes.byteOffset, SIZE);
const path = arena.take(LONGEST_PATH);

/** An event as the kernel tells it; the mask's bits are IN_… of `linux.ts`. */
export interface RawEvent {
  readonly mask: number;
  readonly cookie: number;
  /** Empty when it is about what is watched itself. */
  readonly name: string;
}

/** A descriptor that tells of what happens to a path. Throws ENOENT, EACCES, ENOSPC, EMFILE. */
export function openWatch(of: string): number {
  requirePath('fs.read', of);
  const bytes = Buffer.from(of);
  if (bytes.length >= LONGEST_PATH) throw systemError(36, 'inotify_add_watch', { path: of }); // ENAMETOOLONG
  const fd = opened(check(sys.inotifyInit1(IN_NONBLOCK | IN_CLOEXEC), 'inotify_init1', { path: of }));
  path.bytes.set(bytes);
  path.bytes[bytes.length] = 0;
  const result = sys.inotifyAddWatch(fd, path.address, WATCHED);
  if (result >= 0) return fd;
  closeDescriptor(fd);
  throw systemError(result, 'inotify_add_watch', { path: of });
}

/** The events that are there; none yet: an empty list. */
export function readEvents(fd: number): RawEvent[] {
  for (;;) {
    const count = sys.read(fd, events.address, SIZE);
    if (count === -EINTR) continue;
    if (count === -EAGAIN) return [];
    check(count, 'read');
    const found: RawEvent[] = [];
    for (let at = 0; at < count;) {
      const length = eventBytes.readUInt32LE(at + INOTIFY_EVENT.length);
      const start = at + INOTIFY_EVENT.size;
      const end = eventBytes.indexOf(0, start);
      found.push({
        mask: eventBytes.readUInt32LE(at + INOTIFY_EVENT.mask),
        cookie: eventBytes.readUInt32LE(at + INOTIFY_EVENT.cookie),
        name: length === 0 ? '' : eventBytes.toString('utf8', start, Math.min(end, start + length)),
      });
      at = start + length;
    }
    return found;
  }
}
