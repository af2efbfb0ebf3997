/** MappedFile: bytes of a file in memory, to look at any of them without an operation for each. */
import type { Mapping } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { checkBytes } from '../io/stream.ts';
import { checkPlace } from './path.ts';

/**
 * Bytes of a file, mapped into memory by {@link File.map}: read from the disk as they are looked at, and shared with whoever else has them
 * in memory. Close it, or declare it with `using`; it stays when the file is closed.
 *
 * Looking at bytes that are not in memory yet blocks the thread. Where the file was made shorter meanwhile, they fail with EFAULT (up to the end of
 * the page that the file now ends in they are zeros); so they do when the disk fails. (Where a filter of system calls forbids process_vm_readv(2), the
 * process gets SIGBUS instead, as from any mapping.)
 */
export class MappedFile implements Disposable {
  private readonly mapping: Mapping;

  /** @internal */
  constructor(mapping: Mapping) {
    this.mapping = mapping;
  }

  /** In bytes. */
  get length(): number {
    return this.mapping.length;
  }

  get closed(): boolean {
    return this.mapping.closed;
  }

  /** Copies bytes from `position` on into `target`: how many, 0 at the end. Throws BAD_ARGUMENT, CLOSED, EFAULT. */
  read(target: Uint8Array, position: number): number {
    checkBytes(target);
    checkPlace('position', position);
    return this.mapping.read(target, position);
  }

  /** A copy of the bytes from `start` up to `end`, which is the mapping's unless it is given. Throws BAD_ARGUMENT, CLOSED, EFAULT. */
  slice(start: number = 0, end: number = this.length): Uint8Array<ArrayBuffer> {
    checkPlace('start', start);
    checkPlace('end', end);
    if (start > end) throw new PawlError('BAD_ARGUMENT', `the slice from ${start} to ${end} is none`);
    const copy = new Uint8Array(Math.max(0, Math.min(end, this.length) - start));
    this.mapping.read(copy, start);
    return copy;
  }

  /** Harmless when closed. */
  close(): void {
    this.mapping.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
