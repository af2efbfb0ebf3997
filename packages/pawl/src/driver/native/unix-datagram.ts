/**
 * A Unix datagram socket over the reactor.
 *
 * What must hold: for one peer the kernel tells when there is room (unix_dgram_poll, net/unix/af_unix.c); whoever sends to several asks again.
 */
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { LONGEST } from '../../sys/datagram.ts';
import { EAGAIN, EINTR, EMSGSIZE, systemError } from '../../sys/errno.ts';
import { READABLE, WRITABLE } from '../../sys/queue/readiness.ts';
import { close } from '../../sys/socket.ts';
import * as unix from '../../sys/unix.ts';
import type { Direction } from '../driver.ts';
import type { UnixAddress, UnixDatagramHandle, UnixReceived } from '../unix.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';
import { BoundName } from './unix-name.ts';
import { nameOf, whose } from './unix-stream.ts';

export class NativeUnixDatagram extends Source implements UnixDatagramHandle {
  readonly local: UnixAddress;
  peer: UnixAddress | null = null;
  private readonly name: BoundName;

  constructor(reactor: Reactor, fd: number, name: BoundName) {
    super(reactor, fd, WRITABLE);
    this.local = name.address;
    this.name = name;
  }

  get what(): string {
    return `Unix datagram socket ${this.local.kind === 'unnamed' ? 'without a name' : `at ${nameOf(this.local)}`}`;
  }

  connect(peer: UnixAddress): void {
    const result = unix.connectUnix(this.#open(), peer);
    if (result < 0) throw systemError(result, 'connect', whose(peer));
    this.peer = peer;
  }

  pollRecv(cx: Context, target: Uint8Array): Poll<UnixReceived> {
    this.checkDriver(cx);
    const fd = this.#open();
    while ((this.state & READABLE) !== 0) {
      const generation = this.readGeneration;
      const size = unix.recvFromUnix(fd, target);
      if (size >= 0) return { length: Math.min(size, target.length), size, from: unix.receivedFromUnix() };
      if (size === -EAGAIN) this.clearReadable(generation);
      else if (size !== -EINTR) throw systemError(size, 'recv', whose(this.local));
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  pollSend(cx: Context, data: Uint8Array, to: UnixAddress | null): Poll<void> {
    this.checkDriver(cx);
    const fd = this.#open();
    const receiver = to ?? this.peer;
    if (data.length > LONGEST) throw systemError(EMSGSIZE, 'send', receiver === null ? {} : whose(receiver));
    for (;;) {
      // What readiness there is, is the peer's.
      if (to === null && (this.state & WRITABLE) === 0) {
        this.storeWriter(cx.waker);
        return PENDING;
      }
      const generation = this.writeGeneration;
      const sent = unix.sendToUnix(fd, data, to);
      if (sent >= 0) return undefined;
      if (sent === -EAGAIN && to === null) this.clearWritable(generation);
      else if (sent !== -EINTR) throw systemError(sent, 'send', receiver === null ? {} : whose(receiver));
    }
  }

  forget(direction: Direction): void {
    if (direction === 'read') this.takeReader();
    else this.takeWriter();
  }

  override close(): void {
    if (this.fd >= 0) this.name.remove();
    super.close();
  }

  #open(): number {
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`, whose(this.local));
    return this.fd;
  }
}

export function bindUnix(reactor: Reactor, address: UnixAddress): NativeUnixDatagram {
  const fd = unix.unixSocket('datagram');
  let name: BoundName | null = null;
  try {
    if (address.kind !== 'unnamed') unix.bindUnix(fd, address);
    name = new BoundName(unix.localUnix(fd));
    const handle = new NativeUnixDatagram(reactor, fd, name);
    reactor.register(handle, true);
    return handle;
  } catch (error) {
    name?.remove();
    close(fd);
    throw error;
  }
}
