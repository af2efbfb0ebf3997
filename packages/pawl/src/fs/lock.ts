/**
 * Locks of files, between programs that all ask for them (flock(2)): reading and writing without asking is not kept from anyone.
 *
 * What must hold: a lock belongs to the open file, is let go once, and ends with it. Linux wakes nobody who waits for one without a thread to
 * sleep in, so whoever waits asks again: after 1 ms, doubling up to 100 ms.
 */
import type { FileHandle, LockKind } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { Pause } from '../time/pause.ts';

/** A lock that is held. Let it go, or declare it with `using`. */
export class FileLock implements Disposable {
  readonly kind: LockKind;
  private readonly handle: FileHandle;
  private held = true;

  /** @internal */
  constructor(handle: FileHandle, kind: LockKind) {
    this.handle = handle;
    this.kind = kind;
  }

  /** Harmless a second time, and when the file has been closed, which has let it go. */
  unlock(): void {
    if (!this.held) return;
    this.held = false;
    if (!this.handle.closed) this.handle.unlock();
  }

  [Symbol.dispose](): void {
    this.unlock();
  }
}

/** The lock, or null while another open file excludes it. */
export function tryLock(handle: FileHandle, kind: LockKind): FileLock | null {
  checkKind(kind);
  return handle.tryLock(kind) ? new FileLock(handle, kind) : null;
}

const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 100;

/** Waits for the lock. */
export function lock(handle: FileHandle, kind: LockKind): Future<FileLock> {
  checkKind(kind);
  return waitFor(handle, kind);
}

const waitFor = coroutine(function* (handle: FileHandle, kind: LockKind) {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    if (handle.tryLock(kind)) return new FileLock(handle, kind);
    yield* new Pause(pause, `${kind} lock of '${handle.path}'`);
  }
});

function checkKind(kind: unknown): void {
  if (kind === 'shared' || kind === 'exclusive') return;
  throw new PawlError('BAD_ARGUMENT', `a lock is shared or exclusive, got ${String(kind)}`);
}
