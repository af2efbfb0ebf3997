/**
 * File: an open file.
 *
 * What must hold: an operation has the caller's memory until it has ended or its cancellation is done, and not a moment longer. The file is
 * closed once, when nothing uses it any more.
 */
import type { FileHandle, FileStatus, LockKind, Operation } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { ready } from '../future/ready.ts';
import { checkBytes, type Reader, resized, type Writer } from '../io/stream.ts';
import { writeAll, type WriteAll } from '../io/transfer.ts';
import { type OpenFlags, type OpenOptions, toMode } from './flags.ts';
import { FileLock, lock, tryLock } from './lock.ts';
import { MappedFile } from './mapped.ts';
import { FileFuture } from './operation.ts';
import { checkPermissions, checkPlace, type Path, toPath } from './path.ts';
import { ReadAt, WriteAt } from './positioned.ts';
import { type Place, Sequential } from './sequential.ts';

/** What of a file is mapped. */
export interface MapOptions {
  /** The first byte. Default 0. */
  readonly offset?: number;
  /** How many. Default: to the file's end. */
  readonly length?: number;
}

/**
 * An open file, made by {@link File.open}: a reader and a writer, so that everything of `pawl/io` works on it. Close it, or declare it with
 * `using`.
 *
 * It has a place, where `read` and `write` go on; `readAt` and `writeAt` leave that alone, and any number of them may be under way. Bytes
 * that are in memory already are read at once, on this thread; everything else waits on a thread of a pool, except inside `blockOn`,
 * which waits itself. While an operation is under way its memory is in use: reading into a buffer and changing it at the same time mixes
 * both.
 *
 * A cancelled operation is done when the system has let go of that memory. Operations on regular files are short; one on a pipe or a
 * terminal takes as long as its other end does, and one of the pool's four threads.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { File, tempDir } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   try {
 *     using file = yield* File.open(`${folder.path}/numbers`, 'w+');
 *     yield* file.writeAll(Uint8Array.of(1, 2, 3, 4));
 *     const last = new Uint8Array(2);
 *     yield* file.readAt(last, 2);
 *     console.log(last); // Uint8Array(2) [ 3, 4 ]
 *   } finally {
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export class File implements Reader, Writer, Disposable {
  /** @internal */
  readonly handle: FileHandle;
  private readonly place: Place;

  /** @internal */
  constructor(handle: FileHandle) {
    this.handle = handle;
    this.place = { handle, position: 0, seekable: true, user: null };
  }

  /**
   * Opens a file, by default to be read.
   *
   * Cancelling it is *safe*: what was opened is closed; a file that was to be made may be there. Errors: BAD_ARGUMENT at once; ENOENT,
   * EACCES, EISDIR, EEXIST (with `x`), EMFILE and the system's others, with `syscall` and `path`; ERR_ACCESS_DENIED, Node's own, where its permission
   * model forbids the path.
   */
  static open(path: Path, flags: OpenFlags = 'r', options: OpenOptions = {}): Future<File> {
    const where = toPath(path);
    const mode = toMode(flags, options);
    return map(
      new FileFuture<FileHandle>(`open '${where}'`, (files) => files.open(where, mode)),
      (handle) => new File(handle),
    );
  }

  /** As it was opened. */
  get path(): string {
    return this.handle.path;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /** Where the next `read` or `write` begins, in bytes. Meaningless for what has no places, and for writes of what is appended to. */
  get position(): number {
    return this.place.position;
  }

  set position(value: number) {
    checkPlace('position', value);
    if (this.place.user !== null) throw new PawlError('BUSY', `a task reads or writes at the place of '${this.path}'`);
    this.place.position = value;
  }

  /**
   * Reads at the file's place: the number of bytes, at least 1, or 0 at the end (and for an empty target).
   *
   * Cancelling it is *safe* for whatever has places: the next read reads the same; what a pipe or a terminal has given it *loses*. Errors: BUSY while
   * another task reads or writes at the place; CLOSED; EBADF (not open for reading), EISDIR, EIO and the system's others.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new Sequential(this.place, target, false);
  }

  /**
   * Writes at the file's place: the number of bytes, usually all.
   *
   * Cancelling it is *safe* for whatever has places: bytes may have been written, and the next write goes to the same place. Appended to a
   * file, or written to a pipe, they may be there or not (*loses data*). Errors: BUSY; CLOSED; EBADF (not open for writing), ENOSPC,
   * EDQUOT, EFBIG, EIO and the system's others.
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new Sequential(this.place, source, true);
  }

  /** Writes all of `source`. Cancelling it *loses data*: a part may have been written; its `written` says how much. Errors: as {@link write}. */
  writeAll(source: Uint8Array): WriteAll {
    return writeAll(this, source);
  }

  /** There is nothing to end: for what ends the streams that it writes to. The file stays open. Cancelling it is *safe*. */
  shutdown(): Future<void> {
    return ready(undefined);
  }

  /**
   * Reads from `position` on until `target` is full or the file ends: the number of bytes.
   *
   * Cancelling it is *safe*; some of `target` may have been filled. Errors: BAD_ARGUMENT at once; ESPIPE for what has no places; else as
   * {@link read}, but for BUSY.
   */
  readAt(target: Uint8Array, position: number): Future<number> {
    checkBytes(target);
    checkPlace('position', position);
    return new ReadAt(this.handle, target, position);
  }

  /**
   * Writes all of `source` from `position` on. To a file that is appended to, it goes to the end.
   *
   * Cancelling it *loses data*: a part may have been written; its `written` says how much at least, and to write it again does no harm. Errors: as {@link readAt} and
   * {@link write}.
   */
  writeAt(source: Uint8Array, position: number): WriteAt {
    checkBytes(source);
    checkPlace('position', position);
    return new WriteAt(this.handle, source, position);
  }

  /**
   * Reads into several buffers, one after the other, in one operation: the number of bytes, which may be less than there is room for.
   * Cancelling it is *safe*. Errors: as {@link readAt}.
   */
  readVectored(targets: readonly Uint8Array[], position: number): Future<number> {
    const list = toList(targets);
    checkPlace('position', position);
    const { handle } = this;
    return new FileFuture<number>(`read of '${this.path}'`, () => handle.readVectored(list(), position));
  }

  /**
   * Writes several buffers, one after the other, in one operation: the number of bytes, usually all. Cancelling it *loses data*: some may
   * have been written. Errors: as {@link writeAt}.
   */
  writeVectored(sources: readonly Uint8Array[], position: number): Future<number> {
    const list = toList(sources);
    checkPlace('position', position);
    const { handle } = this;
    return new FileFuture<number>(`write to '${this.path}'`, () => handle.writeVectored(list(), position));
  }

  /**
   * Waits until everything that was written is on the disk, with the file's status. Cancelling it is *safe*: it may be there or not. Errors:
   * CLOSED; EIO, ENOSPC, EDQUOT: of what was written earlier, once; EINVAL for what cannot be synced.
   */
  sync(): Future<void> {
    return this.operation('sync', (handle) => handle.sync(true));
  }

  /** As {@link sync}, without what of the status is not needed to find the bytes. Cancelling it is *safe*. */
  dataSync(): Future<void> {
    return this.operation('sync', (handle) => handle.sync(false));
  }

  /** Cuts the file, or lengthens it with zeros. Cancelling it is *safe*: it was done or not. Errors: BAD_ARGUMENT; EINVAL; as {@link write}. */
  truncate(length: number = 0): Future<void> {
    checkPlace('length', length);
    return this.operation('truncation', (handle) => handle.truncate(length));
  }

  /** What the system knows of the file. Cancelling it is *safe*. Errors: CLOSED. */
  stat(): Future<FileStatus> {
    return this.operation('stat', (handle) => handle.status());
  }

  /** Cancelling it is *safe*: it was done or not. Errors: BAD_ARGUMENT; EPERM (not the owner), EROFS. */
  setPermissions(permissions: number): Future<void> {
    checkPermissions(permissions);
    return this.operation('change of permissions', (handle) => handle.setPermissions(permissions));
  }

  /**
   * Waits for a lock of the whole file: `exclusive`, or `shared` with others that are. It binds only those who ask for one. The
   * open file has one lock at the most; another kind replaces it, and may lose it to somebody in between.
   *
   * Cancelling it is *safe*; it *loses its place*, which nobody has: whoever asks first after it is free has it. Errors: BAD_ARGUMENT; CLOSED; ENOLCK.
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { File, tempDir } from 'pawl/fs';
   * await run(function* () {
   *   const folder = yield* tempDir();
   *   try {
   *     using file = yield* File.open(`${folder.path}/lock`, 'a');
   *     using other = yield* File.open(`${folder.path}/lock`, 'a');
   *     using lock = yield* file.lock();
   *     console.log(lock.kind, other.tryLock()); // exclusive null
   *   } finally {
   *     yield* folder.remove();
   *   }
   * });
   * ```
   */
  lock(kind: LockKind = 'exclusive'): Future<FileLock> {
    return lock(this.handle, kind);
  }

  /** The lock, or null while another open file has one that excludes it. Throws BAD_ARGUMENT, CLOSED, ENOLCK. */
  tryLock(kind: LockKind = 'exclusive'): FileLock | null {
    return tryLock(this.handle, kind);
  }

  /**
   * Maps bytes of the file into memory. Cancelling it is *safe*. Errors: BAD_ARGUMENT; CLOSED; EACCES (not open for reading), ENODEV (what
   * cannot be mapped), EINVAL (no bytes), ENOMEM.
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { File } from 'pawl/fs';
   * await run(function* () {
   *   using file = yield* File.open(process.execPath);
   *   using mapped = yield* file.map({ length: 4096 });
   *   console.log(new TextDecoder().decode(mapped.slice(1, 4))); // ELF
   * });
   * ```
   */
  map(options: MapOptions = {}): Future<MappedFile> {
    knownOptions('map', options, { offset: true, length: true });
    const { offset = 0, length } = options;
    checkPlace('offset', offset);
    if (length !== undefined) checkPlace('length', length);
    const { handle } = this;
    return map(this.stat(), ({ size }) => {
      const room = Math.max(0, size - offset);
      return new MappedFile(handle.map(offset, length === undefined ? room : Math.min(length, room)));
    });
  }

  /** Closes the file, as soon as nothing uses it any more. It does not wait for the disk: see {@link sync}. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private operation<T>(what: string, begin: (handle: FileHandle) => Operation<T>): Future<T> {
    const { handle } = this;
    return new FileFuture<T>(`${what} of '${this.path}'`, () => begin(handle));
  }
}

/** Buffers of one operation, as they are now: given out when it begins, unless the memory of one has gone away until then. */
function toList(buffers: readonly Uint8Array[]): () => Uint8Array[] {
  if (!Array.isArray(buffers))
    throw new PawlError(
      'BAD_ARGUMENT',
      `buffers are given as an array, got ${Object.prototype.toString.call(buffers)}`,
    );
  const list = [...(buffers as readonly Uint8Array[])];
  for (const bytes of list) checkBytes(bytes);
  const lengths = list.map(({ length }) => length);
  return () => {
    if (list.some(({ length }, at) => length !== lengths[at])) throw resized();
    return list;
  };
}
