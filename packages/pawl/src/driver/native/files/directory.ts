/** A directory that is being listed, some hundred entries at a time. */
import type { Dir, Dirent } from 'node:fs';
import { PawlError } from '../../../error/index.ts';
import type { DirectoryEntry, DirectoryHandle, Operation } from '../../files.ts';
import { type Callback, type Open, type Pool, PoolOperation, type Subject } from './operation.ts';
import { toEntry } from './status.ts';

/** Entries that Node fetches at once, and that one `next` gives. */
export const FETCHED = 512;

export class NativeDirectory implements DirectoryHandle, Subject, Open {
  readonly #pool: Pool;
  readonly #directory: Dir;
  readonly #path: string;
  #closed = false;
  #users = 0;
  #ended = false;

  constructor(pool: Pool, directory: Dir, path: string) {
    this.#pool = pool;
    this.#directory = directory;
    this.#path = path;
    pool.opened.add(this);
  }

  get what(): string {
    return `directory ${this.#path}`;
  }

  get closed(): boolean {
    return this.#closed;
  }

  enter(): void {
    if (this.#closed)
      throw new PawlError('CLOSED', `the directory has been closed: '${this.#path}'`, { path: this.#path });
    this.#users++;
  }

  leave(): void {
    if (--this.#users === 0 && this.#closed) this.#release();
  }

  next(): Operation<readonly DirectoryEntry[]> {
    return new PoolOperation<readonly DirectoryEntry[]>(this.#pool, {
      start: (done) => this.#fetch(done),
      now: () => this.#fetchNow(),
      subject: this,
      path: this.#path,
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#users === 0) this.#release();
  }

  #release(): void {
    this.#pool.opened.delete(this);
    this.#directory.closeSync();
  }

  /** All but the first of a fetch come from Node's memory, in its next tick. */
  #fetch(done: Callback<readonly DirectoryEntry[]>): void {
    const entries: DirectoryEntry[] = [];
    const more = (error: NodeJS.ErrnoException | null, entry: Dirent | null): void => {
      if (error !== null) return done(error, entries);
      if (!this.#take(entries, entry)) return done(null, entries);
      this.#directory.read(more);
    };
    if (this.#ended) process.nextTick(done, null, entries);
    else this.#directory.read(more);
  }

  #fetchNow(): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    while (!this.#ended && this.#take(entries, this.#directory.readSync()));
    return entries;
  }

  /** True when there is room for more. */
  #take(entries: DirectoryEntry[], entry: Dirent | null): boolean {
    if (entry === null) {
      this.#ended = true;
      return false;
    }
    return entries.push(toEntry(entry)) < FETCHED;
  }
}
