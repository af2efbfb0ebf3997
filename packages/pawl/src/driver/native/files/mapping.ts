/**
 * A file as memory, to be read.
 *
 * What must hold: no view of the memory is handed out, because looking at it after the end of the mapping ends the process, and so does a look
 * beyond the file's end, where the file was made shorter meanwhile. Bytes are copied by the kernel, which tells instead.
 */
import { PawlError } from '../../../error/index.ts';
import { type FileMemory, mapFile, readMapped, unmapFile } from '../../../sys/file.ts';
import type { Mapping } from '../../files.ts';
import type { Open, Pool } from './operation.ts';

/** Where a mapping may begin. 64 KiB is the largest page that Linux has on the architectures we run on. */
const PAGE = 64 * 1024;

export class NativeMapping implements Mapping, Open {
  readonly length: number;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #skip: number;
  #memory: FileMemory | null;

  constructor(pool: Pool, fd: number, path: string, offset: number, length: number) {
    this.#skip = offset % PAGE;
    this.#path = path;
    this.length = length;
    this.#memory = mapFile(fd, offset - this.#skip, length + this.#skip, path);
    this.#pool = pool;
    pool.opened.add(this);
  }

  get what(): string {
    return `mapping of ${this.#path}`;
  }

  get closed(): boolean {
    return this.#memory === null;
  }

  read(target: Uint8Array, at: number): number {
    const memory = this.#memory;
    if (memory === null)
      throw new PawlError('CLOSED', `the mapping has been closed: '${this.#path}'`, { path: this.#path });
    const count = Math.max(0, Math.min(target.length, this.length - at));
    if (count > 0 && !readMapped(memory, this.#skip + at, target.subarray(0, count)))
      throw new PawlError(
        'EFAULT',
        `the file has become shorter than what was mapped of it, or its disk has failed: '${this.#path}'`,
        {
          path: this.#path,
        },
      );
    return count;
  }

  close(): void {
    const memory = this.#memory;
    this.#memory = null;
    this.#pool.opened.delete(this);
    if (memory !== null) unmapFile(memory);
  }
}
