/**
 * Walk: everything under a directory, as a stream.
 *
 * What must hold: a directory comes before what is in it, and its contents one after the other. Up to four listings are under way at once
 * (the pool's threads), those that are wanted next; their results wait until it is their turn.
 */
import { driverOf } from '../driver/driver.ts';
import type { DirectoryEntry, EntryType, FileStatus, Operation } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { END, type End, type Source } from '../stream/source.ts';
import { Stream } from '../stream/stream.ts';
import { spend } from '../task/budget.ts';
import { Close, type DirEntry, joined, Next } from './directory.ts';
import { type Path, toPath } from './path.ts';

/** An entry, and how far down it is: 1 in the directory that the walk began with. */
export interface WalkEntry extends DirEntry {
  readonly depth: number;
}

/** How far a walk goes. */
export interface WalkOptions {
  /** What is deeper is left out; 1 is the directory's own entries. Default: everything. */
  readonly maxDepth?: number;
  /** Directories for which it says false are given, and not gone into. Default: all are. */
  readonly enter?: (entry: WalkEntry) => boolean;
}

/** As many as libuv has threads, unless it was told otherwise. */
const AHEAD = 4;

/**
 * Everything under a directory: each directory before what is in it. Symbolic links are given and not followed. A directory that is removed
 * before it is its turn is passed over.
 *
 * Errors, at the `next` that meets them: BAD_ARGUMENT at once; ENOENT, ENOTDIR (of the directory that it begins with); EACCES, EMFILE and
 * the system's others. All entries of up to four directories are in memory at once.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { walk } from 'pawl/fs';
 * await run(function* () {
 *   const names = yield* walk('/proc/self/net', { maxDepth: 1 }).map(({ name }) => name).toArray();
 *   console.log(names.includes('tcp')); // true
 * });
 * ```
 */
export function walk(path: Path, options: WalkOptions = {}): Stream<WalkEntry> {
  knownOptions('walk', options, { maxDepth: true, enter: true });
  const { maxDepth = Infinity, enter } = options;
  if (typeof maxDepth !== 'number' || !(maxDepth >= 1)) {
    throw new PawlError('BAD_ARGUMENT', `maxDepth is a number of levels, at least 1, got ${String(maxDepth)}`);
  }
  if (enter !== undefined && typeof enter !== 'function')
    throw new PawlError('BAD_ARGUMENT', `enter is a function, got ${String(enter)}`);
  return new Stream(new WalkSource(toPath(path), maxDepth, enter));
}

/** A directory that is to be listed, or has been. */
interface Pending {
  readonly path: string;
  readonly depth: number;
  listing: Operation<readonly DirectoryEntry[]> | null;
  entries: readonly DirectoryEntry[] | null;
  failure: { readonly error: unknown } | null;
}

class WalkSource implements Source<WalkEntry> {
  readonly path: string;
  private readonly maxDepth: number;
  private readonly enter: ((entry: WalkEntry) => boolean) | undefined;
  /** The last is the next one. */
  private readonly stack: Pending[];
  private current: Pending | null = null;
  private index = 0;
  /** Directories found in the current one, in their order. */
  private found: Pending[] = [];
  /** Of an entry whose type the file system has not told. */
  private asking: Operation<FileStatus> | null = null;

  constructor(path: string, maxDepth: number, enter: ((entry: WalkEntry) => boolean) | undefined) {
    this.path = path;
    this.maxDepth = maxDepth;
    this.enter = enter;
    this.stack = [toList(path, 1)];
  }

  next(): Future<WalkEntry | End> {
    return new Next(this);
  }

  close(): Future<void> {
    return new Close(this);
  }

  poll(cx: Context): Poll<WalkEntry | End> {
    for (;;) {
      const { current } = this;
      if (current === null) {
        if (this.stack.length === 0) return END;
        if (this.list(cx) === PENDING) return PENDING;
        continue;
      }
      const entry = current.entries![this.index];
      if (entry === undefined) {
        this.current = null;
        // In reverse: the last one of the stack comes first.
        for (let i = this.found.length - 1; i >= 0; i--) this.stack.push(this.found[i]!);
        this.found = [];
        continue;
      }
      if (!spend(cx)) return PENDING;
      const path = joined(current.path, entry.name);
      const type = entry.type === 'unknown' ? this.ask(cx, path) : entry.type;
      if (type === PENDING) return PENDING;
      this.index++;
      const given: WalkEntry = { name: entry.name, path, type, depth: current.depth };
      if (type === 'directory' && current.depth < this.maxDepth && (this.enter === undefined || this.enter(given)))
        this.found.push(toList(path, current.depth + 1));
      return given;
    }
  }

  private ask(cx: Context, path: string): Poll<EntryType> {
    this.asking ??= driverOf(cx).files.status(path, false);
    let status: Poll<FileStatus>;
    try {
      status = this.asking.poll(cx);
    } catch (error) {
      this.asking = null;
      if (isGone(error)) return 'unknown';
      throw error;
    }
    if (status === PENDING) return PENDING;
    this.asking = null;
    return status.type;
  }

  /** Goes on with the listings that are wanted next; done when the first of them is. */
  private list(cx: Context): Poll<void> {
    const { stack } = this;
    const { files } = driverOf(cx);
    for (let at = stack.length - 1; at >= 0 && at >= stack.length - AHEAD; at--) {
      const directory = stack[at]!;
      if (directory.entries !== null || directory.failure !== null) continue;
      directory.listing ??= files.listDirectory(directory.path);
      try {
        const entries = directory.listing.poll(cx);
        if (entries === PENDING) continue;
        directory.entries = entries;
      } catch (error) {
        directory.failure = { error };
      }
      directory.listing = null;
    }
    const first = stack.at(-1)!;
    if (first.listing !== null) return PENDING;
    stack.pop();
    if (first.failure !== null) {
      if (first.depth === 1 || !isGone(first.failure.error)) throw first.failure.error;
      return undefined;
    }
    this.current = first;
    this.index = 0;
    return undefined;
  }

  release(cx: Context): Poll<void> {
    if (this.asking !== null && this.asking.cancel(cx) === PENDING) return PENDING;
    this.asking = null;
    for (let directory = this.stack.at(-1); directory !== undefined; directory = this.stack.at(-1)) {
      if (directory.listing !== null && directory.listing.cancel(cx) === PENDING) return PENDING;
      this.stack.pop();
    }
    this.current = null;
    this.found = [];
    return undefined;
  }
}

function toList(path: string, depth: number): Pending {
  return { path, depth, listing: null, entries: null, failure: null };
}

/** Whoever has listed its directory has seen it; it may have been removed, or replaced, since. */
function isGone(error: unknown): boolean {
  return error instanceof PawlError && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
