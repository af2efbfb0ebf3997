/** A Unix stream over the reactor: a stream, with descriptors in it. */
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { EAGAIN, EINTR, systemError, type SystemErrorContext } from '../../sys/errno.ts';
import { READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../sys/queue/readiness.ts';
import * as unix from '../../sys/unix.ts';
import { close, socketPair } from '../../sys/socket.ts';
import type { Credentials, ReadDescriptors, UnixAddress, UnixStreamHandle } from '../unix.ts';
import type { Reactor } from './reactor.ts';
import { CUT, NativeStream } from './stream.ts';

export class NativeUnixStream extends NativeStream implements UnixStreamHandle {
  readonly local: UnixAddress;
  readonly peer: UnixAddress;
  #credentials: Credentials | null = null;

  /** For a connected descriptor that is not registered yet. */
  constructor(reactor: Reactor, fd: number) {
    super(reactor, fd, WRITABLE | CUT);
    this.local = unix.localUnix(fd);
    this.peer = unix.peerUnix(fd);
  }

  get what(): string {
    const named = this.peer.kind === 'unnamed' ? this.local : this.peer;
    return `connection to ${named.kind === 'unnamed' ? 'an unnamed socket' : nameOf(named)}`;
  }

  get credentials(): Credentials {
    this.#credentials ??= unix.peerCredentials(this.openFd());
    return this.#credentials;
  }

  protected override context(): SystemErrorContext {
    return whose(this.peer.kind === 'unnamed' ? this.local : this.peer);
  }

  pollWriteDescriptors(cx: Context, source: Uint8Array, descriptors: readonly number[]): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    while ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      const generation = this.writeGeneration;
      const count = unix.sendDescriptors(fd, source, descriptors);
      if (count >= 0) return this.wrote(count, source.length, generation);
      if (count === -EAGAIN) {
        this.clearWritable(generation);
        break;
      }
      if (count !== -EINTR) throw systemError(count, 'write', this.context());
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  pollReadDescriptors(cx: Context, target: Uint8Array, most: number): Poll<ReadDescriptors> {
    this.checkDriver(cx);
    const fd = this.openFd();
    while ((this.state & (READABLE | READ_CLOSED)) !== 0) {
      const generation = this.readGeneration;
      const read = unix.recvDescriptors(fd, target, most);
      if (read.length >= 0) return read;
      if (read.length === -EAGAIN) {
        this.clearReadable(generation);
        break;
      }
      if (read.length !== -EINTR) throw systemError(read.length, 'read', this.context());
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  abort(): void {
    this.close();
  }
}

/** For messages: an abstract name behind an `@`, as everywhere. */
export function nameOf({ kind, name }: UnixAddress): string {
  return kind === 'abstract' ? `@${name}` : name;
}

/** The context of an error. */
export function whose({ name }: UnixAddress): { path?: string } {
  return name === '' ? {} : { path: name };
}

/** Connects, which does not wait. */
export function connectUnix(reactor: Reactor, address: UnixAddress): NativeUnixStream {
  const fd = unix.unixSocket('stream');
  try {
    const result = unix.connectUnix(fd, address);
    if (result < 0) throw systemError(result, 'connect', whose(address));
    return registered(reactor, fd);
  } catch (error) {
    close(fd);
    throw error;
  }
}

export function unixPair(reactor: Reactor): [NativeUnixStream, NativeUnixStream] {
  const [first, second] = socketPair();
  let near: NativeUnixStream | undefined;
  try {
    near = registered(reactor, first);
    return [near, registered(reactor, second)];
  } catch (error) {
    if (near === undefined) close(first);
    else near.close();
    close(second);
    throw error;
  }
}

/** Throws, and leaves the descriptor to the caller. */
export function registered(reactor: Reactor, fd: number): NativeUnixStream {
  const stream = new NativeUnixStream(reactor, fd);
  reactor.register(stream, true);
  return stream;
}
