/**
 * A read in flight: the kernel has an address, and will write there when bytes come, whatever has become of the memory by then.
 *
 * It is a blocking read(2) on another thread. A completion queue does the same without the thread (chapter 3).
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { closeDescriptor, opened } from '../../packages/pawl/src/sys/descriptors.ts';
import { check } from '../../packages/pawl/src/sys/errno.ts';
import { AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_STREAM } from '../../packages/pawl/src/sys/linux.ts';
import * as sys from '../../packages/pawl/src/sys/syscalls/index.ts';

/** What the reading thread is given: where the kernel is to write. */
export interface Order {
  readonly fd: number;
  readonly address: number;
  readonly length: number;
}

/** Two connected sockets that block. */
export class BlockingPair implements Disposable {
  readonly near: number;
  readonly far: number;

  constructor() {
    const piece = arena.take(8);
    check(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, piece.address), 'socketpair');
    const [near = -1, far = -1] = new Int32Array(piece.bytes.buffer, piece.bytes.byteOffset, 2);
    arena.release(piece);
    this.near = opened(near);
    this.far = opened(far);
  }

  /** Gives the reader its bytes. */
  send(text: string): void {
    const message = new TextEncoder().encode(text);
    const piece = arena.take(4096); // of another size than what the rungs take: it is never the memory in question
    piece.bytes.set(message);
    check(sys.send(this.far, piece.address, message.length, MSG_NOSIGNAL), 'write');
    arena.release(piece);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.near);
    closeDescriptor(this.far);
  }
}

/** Starts the read; resolves with its result. */
export async function startRead(order: Order): Promise<number> {
  const worker = new Worker(new URL('in-flight-thread.ts', import.meta.url), { workerData: order });
  const [count] = (await once(worker, 'message')) as [number];
  return count;
}

/** The text at the beginning of some memory. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.slice()).replace(/\0+$/, '');
}

/** Fills memory with a text. */
export function fill(bytes: Uint8Array, text: string): void {
  bytes.fill(0);
  new TextEncoder().encodeInto(text, bytes);
}
