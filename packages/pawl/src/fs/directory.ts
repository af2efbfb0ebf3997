/** Listing directories: all at once, or as a stream. */
import { driverOf } from '../driver/driver.ts';
import type { DirectoryEntry, DirectoryHandle, EntryType, Operation } from '../driver/files.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { END, type End, type Source } from '../stream/source.ts';
import { Stream } from '../stream/stream.ts';
import { map } from '../future/map.ts';
import { spend } from '../task/budget.ts';
import { FileFuture } from './operation.ts';
import { type Path, toPath } from './path.ts';

/** What a directory has. */
export interface DirEntry {
  readonly name: string;
  /** The directory's path as it was given, and the name. */
  readonly path: string;
  /** Of a symbolic link `'symlink'`. Some file systems do not tell (`'unknown'`): ask {@link stat}. */
  readonly type: EntryType;
}

/** One slash between the two. */
export function joined(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

function toEntry(directory: string, { name, type }: DirectoryEntry): DirEntry {
  return { name, path: joined(directory, name), type };
}

/**
 * The entries of a directory, in no order, without `.` and `..`. They come a few hundred at a time, however many there are; what is made or
 * removed meanwhile may be among them or not.
 *
 * Errors, at the first `next` that meets them: BAD_ARGUMENT at once; ENOENT (also when the directory is removed meanwhile, on some file systems),
 * ENOTDIR, EACCES and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { readDir } from 'pawl/fs';
 * await run(function* () {
 *   const pipes = yield* readDir('/dev').filter(({ type }) => type === 'character device').toArray();
 *   console.log(pipes.some(({ path }) => path === '/dev/null')); // true
 * });
 * ```
 */
export function readDir(path: Path): Stream<DirEntry> {
  return new Stream(new DirectorySource(toPath(path)));
}

/**
 * All entries of a directory at once, in no order: faster than {@link readDir} where there are not very many.
 *
 * Cancelling it is *safe*. Errors: as {@link readDir}.
 */
export function listDir(path: Path): Future<DirEntry[]> {
  const where = toPath(path);
  return map(
    new FileFuture<readonly DirectoryEntry[]>(`list of '${where}'`, (files) => files.listDirectory(where)),
    (entries) => entries.map((entry) => toEntry(where, entry)),
  );
}

/** What is under way belongs to the source: a `next` that is cancelled leaves it for the one after it. */
class DirectorySource implements Source<DirEntry> {
  readonly path: string;
  private opening: Operation<DirectoryHandle> | null = null;
  private handle: DirectoryHandle | null = null;
  private fetching: Operation<readonly DirectoryEntry[]> | null = null;
  private fetched: readonly DirectoryEntry[] = [];
  private index = 0;
  private ended = false;

  constructor(path: string) {
    this.path = path;
  }

  next(): Future<DirEntry | End> {
    return new Next(this);
  }

  close(): Future<void> {
    return new Close(this);
  }

  poll(cx: Context): Poll<DirEntry | End> {
    for (;;) {
      if (this.ended) return END;
      const entry = this.fetched[this.index];
      if (entry !== undefined) {
        if (!spend(cx)) return PENDING;
        this.index++;
        return toEntry(this.path, entry);
      }
      try {
        if (this.fetch(cx) === PENDING) return PENDING;
      } catch (error) {
        this.opening = null;
        this.fetching = null;
        throw error;
      }
    }
  }

  private fetch(cx: Context): Poll<void> {
    if (this.handle === null) {
      this.opening ??= driverOf(cx).files.openDirectory(this.path);
      const handle = this.opening.poll(cx);
      if (handle === PENDING) return PENDING;
      this.opening = null;
      this.handle = handle;
    }
    this.fetching ??= this.handle.next();
    const fetched = this.fetching.poll(cx);
    if (fetched === PENDING) return PENDING;
    this.fetching = null;
    this.fetched = fetched;
    this.index = 0;
    if (fetched.length === 0) this.end();
    return undefined;
  }

  release(cx: Context): Poll<void> {
    if (this.opening !== null && this.opening.cancel(cx) === PENDING) return PENDING;
    this.opening = null;
    if (this.fetching !== null && this.fetching.cancel(cx) === PENDING) return PENDING;
    this.fetching = null;
    this.end();
    return undefined;
  }

  private end(): void {
    this.ended = true;
    this.fetched = [];
    this.handle?.close();
    this.handle = null;
  }
}

/** A source that is polled, and released. */
interface Polled<T> {
  readonly path: string;
  poll(cx: Context): Poll<T | End>;
  release(cx: Context): Poll<void>;
}

/** The next value of a source that keeps what is under way. */
export class Next<T> extends Future<T | End> {
  private readonly source: Polled<T>;
  private done = false;

  constructor(source: Polled<T>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    this.done = true;
    const value = this.source.poll(cx);
    if (value === PENDING) this.done = false;
    return value;
  }

  override cancel(_cx: Context): Poll<void> {
    this.done = true;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `list of '${this.source.path}'`, resource: this.source };
  }
}

/** Lets everything go. Its cancellation waits for that, too. */
export class Close extends Future<void> {
  private readonly source: Polled<unknown>;

  constructor(source: Polled<unknown>) {
    super();
    this.source = source;
  }

  override poll(cx: Context): Poll<void> {
    return this.source.release(cx);
  }

  override cancel(cx: Context): Poll<void> {
    return this.source.release(cx);
  }
}
