/** Two connected sockets inside this process: something to register, for trying the queue and for tests. */
import { EAGAIN, systemError } from '../errno.ts';
import { close, recv, send, shutdown, socketPair as connectedPair } from '../socket.ts';
import { PawlError } from '../../error/index.ts';

/**
 * One end of a pair: a non-blocking stream socket.
 *
 * @example
 * ```ts
 * import { socketPair } from 'pawl/queue';
 * const [left, right] = socketPair();
 * console.log(left.read(new Uint8Array(8))); // undefined: it would block
 * right.write(new Uint8Array([1, 2, 3]));
 * console.log(left.read(new Uint8Array(8))); // 3
 * left.close();
 * right.close();
 * ```
 */
export class PairedSocket implements Disposable {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** For registering. Throws CLOSED. */
  get fd(): number {
    if (this.#fd < 0) throw new PawlError('CLOSED', 'the socket has been closed');
    return this.#fd;
  }

  /** Bytes read (0 at the end), or undefined when it would block. Throws CLOSED and the system's errors (ECONNRESET). */
  read(target: Uint8Array): number | undefined {
    return unlessBlocked(recv(this.fd, target), 'read');
  }

  /** Bytes written, or undefined when it would block. Throws CLOSED and the system's errors (EPIPE). */
  write(source: Uint8Array): number | undefined {
    return unlessBlocked(send(this.fd, source), 'write');
  }

  /** Half-close: the other end reads the end. Throws CLOSED and the system's errors. */
  shutdown(how: 'read' | 'write' | 'both'): void {
    const result = shutdown(this.fd, how);
    if (result < 0) throw systemError(result, 'shutdown');
  }

  /** Idempotent. */
  close(): void {
    if (this.#fd < 0) return;
    close(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function unlessBlocked(result: number, syscall: string): number | undefined {
  if (result >= 0) return result;
  if (result === -EAGAIN) return undefined;
  throw systemError(result, syscall);
}

/** Two ends, each of which reads what is written to the other. Throws EMFILE and its kin, UNSUPPORTED_PLATFORM, FFI_DENIED. */
export function socketPair(): [PairedSocket, PairedSocket] {
  const [first, second] = connectedPair();
  return [new PairedSocket(first), new PairedSocket(second)];
}
