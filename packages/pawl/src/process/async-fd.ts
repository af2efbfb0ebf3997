/**
 * AsyncFd: a descriptor of anyone's (a device, a library's socket, a timerfd), and waiting until it may be used.
 *
 * What must hold: it is edge-triggered: only a call that would block makes it "not ready", so such a call is told, by `tryIo` or `io`. One task at a
 * time waits for a direction.
 */
import type { DescriptorHandle } from '../driver/process.ts';
import type { Direction } from '../driver/driver.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { busy } from '../net/socket.ts';
import { spend } from '../task/budget.ts';
import { checkDescriptor } from './check.ts';
import { Make } from './make.ts';

/** What {@link AsyncFd.tryIo} gives when there was nothing to do. */
export const WOULD_BLOCK: unique symbol = Symbol.for('pawl.WOULD_BLOCK') as never;

export interface AsyncFdOptions {
  /** Closing it closes the descriptor, too. Default false: that is whose it is. */
  readonly own?: boolean;
}

/**
 * Watches a descriptor that somebody else has opened: in non-blocking mode, or used with calls that do not wait. Close it before the descriptor, or
 * declare it with `using`: of a descriptor that was closed behind its back nothing is told any more, until something else that is watched has got
 * the number, when whoever waits fails with CLOSED.
 *
 * @example
 * ```ts
 * import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
 * import { coroutine, join, run, sleep } from 'pawl';
 * import { tempDir } from 'pawl/fs';
 * import { AsyncFd, makeFifo } from 'pawl/process';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   yield* makeFifo(`${folder.path}/fifo`);
 *   const number = openSync(`${folder.path}/fifo`, constants.O_RDWR | constants.O_NONBLOCK);
 *   const fd = yield* AsyncFd.watch(number);
 *   const bytes = new Uint8Array(16);
 *   const answer = coroutine(function* () {
 *     yield* sleep(1);
 *     writeSync(number, 'hello');
 *   });
 *   yield* join([fd.io('read', () => readSync(number, bytes)), answer()]);
 *   console.log(new TextDecoder().decode(bytes.subarray(0, 5))); // hello
 *   fd.close();
 *   closeSync(number);
 *   yield* folder.remove();
 * });
 * ```
 */
export class AsyncFd implements Disposable {
  /** @internal */
  readonly handle: DescriptorHandle;
  /** @internal */
  reading = false;
  /** @internal */
  writing = false;

  private constructor(handle: DescriptorHandle) {
    this.handle = handle;
  }

  /**
   * Begins to watch it. Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; EPERM for a regular file or a directory, which are always ready (use
   * `pawl/fs`); EBADF when it is not open; EEXIST when it is watched already.
   */
  static watch(fd: number, options: AsyncFdOptions = {}): Future<AsyncFd> {
    knownOptions('AsyncFd.watch', options, { own: true });
    const { own = false } = options;
    checkDescriptor(fd);
    return new Make('the watch of a descriptor', (processes) => new AsyncFd(processes.watch(fd, own)));
  }

  /** Its number; -1 once closed. */
  get fd(): number {
    return this.handle.fd;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits until it may be read, or its other end has been closed. It stays so until a call by {@link tryIo} or {@link io} has found nothing.
   *
   * Cancelling it is *safe*. Errors: BUSY while another task waits; CLOSED.
   */
  readable(): Future<void> {
    return new Ready(this, 'read', () => undefined);
  }

  /** Waits until it may be written to, or nobody reads it any more. Cancelling it is *safe*. Errors: BUSY; CLOSED. */
  writable(): Future<void> {
    return new Ready(this, 'write', () => undefined);
  }

  /**
   * One attempt, now: what `call` returns, or {@link WOULD_BLOCK} if nothing was known to be ready, or if it throws an error with the code EAGAIN,
   * as Node's functions do: then it is not ready any more. `call` must not wait. Throws what `call` throws, and CLOSED.
   */
  tryIo<T>(direction: Direction, call: () => T): T | typeof WOULD_BLOCK {
    const { handle } = this;
    const generation = handle.ready(direction);
    if (generation < 0) return WOULD_BLOCK;
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException | null)?.code !== 'EAGAIN') throw error;
      handle.clear(direction, generation);
      return WOULD_BLOCK;
    }
  }

  /**
   * Waits until it is ready, calls, and waits again for as long as the call finds nothing (see {@link tryIo}): what it returns.
   *
   * Cancelling it is *safe*: nothing has been done by `call`. Errors: what `call` throws; BUSY while another task waits; CLOSED.
   */
  io<T>(direction: Direction, call: () => T): Future<T> {
    return new Ready(this, direction, call);
  }

  /** Watches it no longer. Whoever waits fails with CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class Ready<T> extends Future<T> {
  private readonly owner: AsyncFd;
  private readonly direction: Direction;
  private readonly call: () => T;
  private waiting = false;
  private done = false;

  constructor(owner: AsyncFd, direction: Direction, call: () => T) {
    super();
    this.owner = owner;
    this.direction = direction;
    this.call = call;
  }

  override poll(cx: Context): Poll<T> {
    const { owner, direction } = this;
    if (this.done) throw alreadyCompleted('the wait for a descriptor');
    if (!this.waiting && (direction === 'read' ? owner.reading : owner.writing)) {
      this.done = true;
      throw busy(direction, 'descriptor');
    }
    let value: T | typeof WOULD_BLOCK | typeof PENDING;
    try {
      do {
        const waits = !spend(cx) || owner.handle.pollReady(cx, direction) === PENDING;
        value = waits ? PENDING : owner.tryIo(direction, this.call);
      } while (value === WOULD_BLOCK);
    } catch (error) {
      this.end();
      throw error;
    }
    if (value === PENDING) this.use(true);
    else this.end();
    return value;
  }

  private use(waiting: boolean): void {
    this.waiting = waiting;
    if (this.direction === 'read') this.owner.reading = waiting;
    else this.owner.writing = waiting;
  }

  private end(): void {
    this.done = true;
    if (this.waiting) this.use(false);
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.waiting) this.owner.handle.forget(this.direction);
    this.end();
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `descriptor ${this.owner.fd} to ${this.direction}`, resource: this.owner };
  }
}
