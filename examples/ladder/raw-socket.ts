/**
 * A TCP socket with nothing around it: the system calls themselves, each of which may put the whole thread to sleep.
 *
 * The library never makes such a socket (its own are non-blocking from birth, `packages/pawl/src/sys/socket.ts`). The rungs do, to show what it is for.
 */
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { encodeSockaddr } from '../../packages/pawl/src/sys/address.ts';
import { closeDescriptor, opened } from '../../packages/pawl/src/sys/descriptors.ts';
import { check, EAGAIN } from '../../packages/pawl/src/sys/errno.ts';
import { AF_INET, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_STREAM, SOCKADDR_IN } from '../../packages/pawl/src/sys/linux.ts';
import * as sys from '../../packages/pawl/src/sys/syscalls/index.ts';

/** For this one call the socket is non-blocking: recv(2). */
const MSG_DONTWAIT = 0x40;

export interface Host {
  readonly host: string;
  readonly port: number;
}

export class RawSocket implements Disposable {
  readonly fd: number;
  readonly #buffer = arena.take(4096);

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Sleeps until the connection is made. */
  static connect({ host, port }: Host): RawSocket {
    const socket = new RawSocket(opened(check(sys.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 'socket')));
    encodeSockaddr({ host, port, family: 4 }, socket.#buffer.bytes);
    check(sys.connect(socket.fd, socket.#buffer.address, SOCKADDR_IN.size), 'connect', { address: host, port });
    return socket;
  }

  send(text: string): void {
    const { bytes, address } = this.#buffer;
    const { written } = new TextEncoder().encodeInto(text, bytes);
    check(sys.send(this.fd, address, written, MSG_NOSIGNAL), 'write');
  }

  // #region recv
  /** Sleeps until there are bytes. Empty at the end of the stream. */
  recv(): string {
    return this.#text(check(sys.recv(this.fd, this.#buffer.address, 4096, 0), 'read'));
  }

  /** Does not sleep: undefined when there is nothing to read yet. */
  tryRecv(): string | undefined {
    const count = sys.recv(this.fd, this.#buffer.address, 4096, MSG_DONTWAIT);
    return count === -EAGAIN ? undefined : this.#text(check(count, 'read'));
  }
  // #endregion

  #text(count: number): string {
    return new TextDecoder().decode(this.#buffer.bytes.slice(0, count));
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
    arena.release(this.#buffer);
  }
}
