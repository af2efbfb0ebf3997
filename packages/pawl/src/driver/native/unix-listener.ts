/** A listening Unix socket over the reactor. */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EAGAIN, EINTR, errnoNumber, systemError } from '../../sys/errno.ts';
import { READABLE } from '../../sys/queue/readiness.ts';
import { accept, close, listen } from '../../sys/socket.ts';
import * as unix from '../../sys/unix.ts';
import type { UnixAddress, UnixListenerHandle, UnixStreamHandle } from '../unix.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';
import { BoundName } from './unix-name.ts';
import { nameOf, registered, whose } from './unix-stream.ts';

const ECONNABORTED = errnoNumber('ECONNABORTED')!;

export class NativeUnixListener extends Source implements UnixListenerHandle {
  readonly local: UnixAddress;
  private readonly name: BoundName;

  constructor(reactor: Reactor, fd: number, name: BoundName) {
    super(reactor, fd, READABLE);
    this.local = name.address;
    this.name = name;
  }

  get what(): string {
    return `listener at ${nameOf(this.local)}`;
  }

  pollAccept(cx: Context): Poll<UnixStreamHandle> {
    this.checkDriver(cx);
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`, whose(this.local));
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const accepted = accept(this.fd);
      if (accepted >= 0) return this.#adopt(accepted);
      if (accepted === -EAGAIN) this.clearReadable(generation);
      else if (accepted !== -EINTR && accepted !== -ECONNABORTED)
        throw systemError(accepted, 'accept', whose(this.local));
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(): void {
    this.takeReader();
  }

  override close(): void {
    if (this.fd >= 0) this.name.remove();
    super.close();
  }

  #adopt(fd: number): UnixStreamHandle {
    try {
      return registered(this.reactor, fd);
    } catch (error) {
      close(fd);
      throw error;
    }
  }
}

export function listenUnix(reactor: Reactor, address: UnixAddress, backlog: number): NativeUnixListener {
  const fd = unix.unixSocket('stream');
  let name: BoundName | null = null;
  try {
    unix.bindUnix(fd, address);
    name = new BoundName(unix.localUnix(fd));
    listen(fd, backlog);
    const listener = new NativeUnixListener(reactor, fd, name);
    reactor.register(listener, false);
    return listener;
  } catch (error) {
    name?.remove();
    close(fd);
    throw error;
  }
}
