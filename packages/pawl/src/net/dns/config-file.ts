/**
 * ConfigFile: what a file says, read again when it has changed.
 *
 * What must hold: it is looked at no more than once in `RECHECK` ms, whoever asks. A file that is not there, or must not be read, says what an
 * absent one does.
 */
import type { FileStatus } from '../../driver/files.ts';
import { Instant } from '../../driver/instant.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { readText } from '../../fs/contents.ts';
import { stat } from '../../fs/names.ts';

/** Milliseconds for which a file is taken for unchanged. */
export const RECHECK = 1000;

/** Bytes; what is longer is no such file. */
const LIMIT = 4 * 1024 * 1024;

export class ConfigFile<T> {
  readonly path: string;
  private readonly parse: (text: string) => T;
  private readonly absent: T;
  private value: T;
  private status = '';
  private looked: Instant | null = null;

  constructor(path: string, parse: (text: string) => T, absent: T) {
    this.path = path;
    this.parse = parse;
    this.absent = absent;
    this.value = absent;
  }

  /** Cancelling it is *safe*. */
  read(): Future<T> {
    return this.look();
  }

  private readonly look = coroutine(function* (this: ConfigFile<T>) {
    const now = Instant.now();
    if (this.looked !== null && now.since(this.looked) < RECHECK) return this.value;
    try {
      const status = identity(yield* stat(this.path));
      if (status !== this.status) {
        this.value = this.parse(yield* readText(this.path, { limit: LIMIT }));
        this.status = status;
      }
    } catch (error) {
      if (!(error instanceof PawlError)) throw error;
      this.value = this.absent;
      this.status = '';
    }
    this.looked = now;
    return this.value;
  }).bind(this) as () => Future<T>;
}

function identity({ device, inode, size, modified, changed }: FileStatus): string {
  return [device, inode, size, modified, changed].join();
}
