/** UnixListener: a listening Unix socket. */
import type { UnixAddress, UnixListenerHandle, UnixStreamHandle } from '../../driver/unix.ts';
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import type { Context } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { map } from '../../future/map.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import { spend } from '../../task/budget.ts';
import { checkOptions } from '../options.ts';
import { formatUnix, parseUnix, type UnixName, unixOf } from './address.ts';
import { Make, UnixStream } from './stream.ts';

/** How a Unix socket listens. */
export interface UnixListenOptions {
  /** Length of the kernel's queue of connections not yet accepted; it cuts it to net.core.somaxconn. Default 511. */
  readonly backlog?: number;
}

/**
 * A Unix server's socket, as a `TcpListener` is TCP's. Close it, or declare it with `using`: its path is removed then.
 */
export class UnixListener implements Disposable {
  /** @internal */
  readonly handle: UnixListenerHandle;
  /** @internal */
  acceptor: Future<unknown> | null = null;

  /** @internal */
  constructor(handle: UnixListenerHandle) {
    this.handle = handle;
  }

  /**
   * Binds and listens. Who may connect, the permissions of the path say, and of the directories above it: 0o777 less the process's umask. A path
   * that a dead server has left is EADDRINUSE: remove it when you know that nobody listens there.
   *
   * Cancelling it is *safe*. Errors: BAD_ADDRESS and BAD_ARGUMENT at once; EADDRINUSE, ENOENT, EACCES, with `path`; UNSUPPORTED_PLATFORM.
   */
  static bind(name: UnixName, options: UnixListenOptions = {}): Future<UnixListener> {
    const at = parseUnix(name);
    knownOptions('UnixListener.bind', options, { backlog: true });
    checkOptions(options);
    const { backlog = 511 } = options;
    return map(new Make((cx) => unixOf(cx).listen(at, backlog)), (handle) => new UnixListener(handle));
  }

  get localAddress(): UnixAddress {
    return this.handle.local;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits for the next connection.
   *
   * Cancelling it is *safe*: a connection that has come stays for the next accept. Errors: BUSY while another task accepts; CLOSED; EMFILE,
   * ENFILE (the connection stays, too).
   */
  accept(): Future<UnixStream> {
    return new AcceptUnix(this);
  }

  /** Stops listening, and removes its path. A task that waits in `accept` gets CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class AcceptUnix extends Future<UnixStream> {
  private readonly listener: UnixListener;
  private done = false;

  constructor(listener: UnixListener) {
    super();
    this.listener = listener;
  }

  override poll(cx: Context): Poll<UnixStream> {
    if (this.done) throw alreadyCompleted('an accept');
    const { listener } = this;
    if (listener.acceptor !== null && listener.acceptor !== this) {
      this.done = true;
      throw new PawlError('BUSY', 'another task accepts from this listener: one at a time may');
    }
    let handle: Poll<UnixStreamHandle>;
    try {
      handle = spend(cx) ? listener.handle.pollAccept(cx) : PENDING;
    } catch (error) {
      this.end();
      throw error;
    }
    if (handle === PENDING) {
      listener.acceptor = this;
      return PENDING;
    }
    this.end();
    return new UnixStream(handle);
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.listener.acceptor === this) this.listener.handle.forget();
    this.end();
    return undefined;
  }

  private end(): void {
    this.done = true;
    if (this.listener.acceptor === this) this.listener.acceptor = null;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const { handle } = this.listener;
    return { what: `accept on ${formatUnix(handle.local)}`, resource: handle };
  }
}
