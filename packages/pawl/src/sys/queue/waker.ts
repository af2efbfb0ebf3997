/**
 * Waker: wakes the wait of a queue from another thread.
 *
 * What must hold:
 * - The flag is set before the write and cleared after the wait has returned and before its events are looked at, so that whatever was
 *   published before `wake` is seen after it. Wakes in between are merged: only the one that sets the flag writes.
 * - Nobody writes to the descriptor after it has been closed, when its number may be somebody else's: a writer counts itself in and looks at the
 *   closed bit; the closer sets the bit and waits for the count.
 */
import { PawlError } from '../../error/index.ts';
import { WakeSource } from './selector.ts';

// Words of the shared flag.
const STATE = 0;
const WRITERS = 1;
// Bits of the state.
const NOTIFIED = 1;
const CLOSED = 2;

/** How long closing waits for a writer on another thread: it is between two instructions, or its thread was terminated there. */
const WRITER_GRACE_MS = 50;

/** What to hand to another thread: plain data that a message can carry. */
export interface WakerHandle {
  readonly fd: number;
  readonly flag: Int32Array<SharedArrayBuffer>;
}

/**
 * Wakes a queue from any thread. Made by `queue.waker(token)`; another thread makes its own from the handle.
 *
 * @example
 * ```ts
 * import { EventQueue, Events, Waker } from 'pawl/queue';
 * using queue = new EventQueue();
 * const waker = queue.waker(7);
 * const elsewhere = new Waker(waker.handle); // in a worker: new Waker(workerData)
 * elsewhere.wake();
 * elsewhere.wake(); // merged with the first
 * const events = new Events(8);
 * console.log(queue.wait(events), events.token(0)); // 1 7
 * ```
 */
export class Waker {
  /** For another thread: send it in a message or as `workerData`. */
  readonly handle: WakerHandle;

  /** Throws BAD_ARGUMENT for what is not a waker's handle. */
  constructor(handle: WakerHandle) {
    checkHandle(handle);
    this.handle = handle;
  }

  /** Makes the queue's wait return an event with the waker's token. Merged with earlier wakes not yet seen; nothing after its close. */
  wake(): void {
    const { fd, flag } = this.handle;
    if (Atomics.or(flag, STATE, NOTIFIED) !== 0) return; // notified already, or closed
    Atomics.add(flag, WRITERS, 1);
    try {
      if ((Atomics.load(flag, STATE) & CLOSED) === 0) WakeSource.signal(fd);
    } finally {
      if (Atomics.sub(flag, WRITERS, 1) === 1) Atomics.notify(flag, WRITERS);
    }
  }
}

/** The queue's side of a waker: closing it frees the descriptor, and makes every copy in other threads do nothing. */
export class WakerOwner extends Waker implements Disposable {
  readonly #onClose: (() => void) | undefined;

  /** `onClose` runs once, while the descriptor is still open: to deregister it. */
  constructor(onClose?: () => void) {
    super({ fd: WakeSource.open(), flag: new Int32Array(new SharedArrayBuffer(8)) });
    this.#onClose = onClose;
  }

  get closed(): boolean {
    return (Atomics.load(this.handle.flag, STATE) & CLOSED) !== 0;
  }

  /** @internal After the wait has returned with this waker's event, and before its news is looked at. */
  acknowledge(): void {
    Atomics.and(this.handle.flag, STATE, ~NOTIFIED);
  }

  /** Idempotent. */
  close(): void {
    const { fd, flag } = this.handle;
    if ((Atomics.or(flag, STATE, CLOSED) & CLOSED) !== 0) return;
    this.#onClose?.();
    for (;;) {
      const writers = Atomics.load(flag, WRITERS);
      if (writers === 0 || Atomics.wait(flag, WRITERS, writers, WRITER_GRACE_MS) === 'timed-out') break;
    }
    WakeSource.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function checkHandle(handle: WakerHandle): void {
  const { fd, flag } = handle;
  if (Number.isInteger(fd) && fd >= 0 && flag instanceof Int32Array && flag.buffer instanceof SharedArrayBuffer) return;
  throw new PawlError('BAD_ARGUMENT', 'not a waker handle: send `waker.handle` of a queue');
}
