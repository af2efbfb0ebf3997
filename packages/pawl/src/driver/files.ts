/**
 * The contract of files: a world's disk, as operations that are polled.
 *
 * What must hold:
 * - A regular file is never "ready": each call gives an operation, which begins at its first poll. It may be done at that poll, and is,
 *   inside `block`, where the thread waits in any case.
 * - An operation owns the bytes it was given from its first poll until it is done: they are read, or written, in place. `cancel` is polled
 *   until the world has let go of them; whatever the operation has done by then is done, and what it has opened is closed.
 * - Its `cancel` before the first poll does nothing, and is done at once.
 * - Descriptors are CLOEXEC. A handle that is closed while operations are under way is closed when the last of them is done.
 * - Durability: what has been written is sure to survive a crash only after `sync` of that file; a name that was made, moved or removed
 *   only after `sync` of a handle of its directory. `rename` is atomic: a crash leaves the old file or the new one under the name.
 *
 * Errors are the system's, with `syscall` and `path` (and `dest` for the second of two).
 */
import type { Context } from '../future/context.ts';
import type { Poll } from '../future/poll.ts';

/** Something under way in a driver. */
export interface Operation<T> {
  poll(cx: Context): Poll<T>;
  /** Until the world has let go. Never throws what the operation fails with. */
  cancel(cx: Context): Poll<void>;
}

/** How a file is opened: open(2), in words. */
export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  /** Each write goes to the end, wherever that is by then. */
  readonly append: boolean;
  /** Made if it is not there, with these permissions less the process's umask. */
  readonly create: boolean;
  readonly permissions: number;
  /** EEXIST if it is there. */
  readonly exclusive: boolean;
  readonly truncate: boolean;
  /** ENOTDIR unless it is a directory. */
  readonly directory: boolean;
}

export type EntryType =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'socket'
  | 'character device'
  | 'block device'
  | 'unknown';

/** An entry of a directory. Of some file systems the type is `'unknown'`: ask `stat`. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: EntryType;
}

/** What stat(2) tells. Times in milliseconds since 1970, with fractions. */
export interface FileStatus {
  readonly type: EntryType;
  readonly size: number;
  /** Permission bits: 0o644. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  /** The names it has. */
  readonly links: number;
  readonly device: number;
  readonly inode: number;
  readonly accessed: number;
  readonly modified: number;
  readonly changed: number;
  readonly created: number;
}

/** A lock of a whole file: held by the open file, and gone when that is closed. */
export type LockKind = 'shared' | 'exclusive';

/** An open file, or an open directory. */
export interface FileHandle {
  readonly path: string;
  /**
   * Bytes read into `target` at `position`, or at the file's own if that is null (for what cannot be positioned: a pipe, a terminal). 0 at
   * the end. Fewer than there is room for is no sign of the end.
   */
  read(target: Uint8Array, position: number | null): Operation<number>;
  readVectored(targets: readonly Uint8Array[], position: number | null): Operation<number>;
  /** Bytes written. `position` as above; with `append` it is ignored. */
  write(source: Uint8Array, position: number | null): Operation<number>;
  writeVectored(sources: readonly Uint8Array[], position: number | null): Operation<number>;
  /** Until what was written is durable; without `metadata` only as much of that as finding the bytes again needs. */
  sync(metadata: boolean): Operation<void>;
  truncate(length: number): Operation<void>;
  status(): Operation<FileStatus>;
  setPermissions(permissions: number): Operation<void>;
  setOwner(uid: number, gid: number): Operation<void>;
  /** True when it has the lock now; false when another open file has one that excludes it. Replaces the lock that it has. */
  tryLock(kind: LockKind): boolean;
  unlock(): void;
  /** Bytes from `offset` on as memory. Throws ENODEV where that file cannot be mapped, EINVAL for no bytes. */
  map(offset: number, length: number): Mapping;
  /** Idempotent. A later operation throws CLOSED at its first poll. */
  close(): void;
  readonly closed: boolean;
}

/** Bytes of a file in memory, read from the disk as they are looked at. */
export interface Mapping {
  readonly length: number;
  /** Copies bytes from `at` on into `target`: how many. It blocks where they are not in memory yet. */
  read(target: Uint8Array, at: number): number;
  close(): void;
  readonly closed: boolean;
}

/** A directory that is being listed. */
export interface DirectoryHandle {
  /** The next entries, in no order, without `.` and `..`; none at the end. */
  next(): Operation<readonly DirectoryEntry[]>;
  close(): void;
  readonly closed: boolean;
}

/** One thing that has happened in what is watched. */
export interface WatchEvent {
  /**
   * `'overflow'`: more happened than the queue holds, and was lost; look again. `'gone'`: what was watched is no more, and nothing will
   * follow. `'closed-write'`: whoever had it open for writing has closed it.
   */
  readonly kind:
    | 'created'
    | 'removed'
    | 'modified'
    | 'closed-write'
    | 'attributes'
    | 'moved-from'
    | 'moved-to'
    | 'overflow'
    | 'gone';
  /** Of an entry of a watched directory; absent when it is about what is watched itself. */
  readonly name?: string;
  /** The same for both halves of one move. */
  readonly cookie?: number;
}

/** A watch of a file or directory. */
export interface WatchHandle {
  readonly path: string;
  /** Those that are there, at least one, in order. */
  pollEvents(cx: Context): Poll<WatchEvent[]>;
  forget(): void;
  close(): void;
  readonly closed: boolean;
}

/** The disk as a driver's world offers it. */
export interface FileDriver {
  open(path: string, mode: OpenMode): Operation<FileHandle>;
  /** Of what a symbolic link points at, or with `follow` false of the link. */
  status(path: string, follow: boolean): Operation<FileStatus>;
  /** For a listing bit by bit, however many entries there are. */
  openDirectory(path: string): Operation<DirectoryHandle>;
  /** All entries at once: for most directories by far the fastest. */
  listDirectory(path: string): Operation<readonly DirectoryEntry[]>;
  makeDirectory(path: string, permissions: number): Operation<void>;
  /** An empty one: ENOTEMPTY. */
  removeDirectory(path: string): Operation<void>;
  /** Of anything but a directory. */
  unlink(path: string): Operation<void>;
  rename(from: string, to: string): Operation<void>;
  link(from: string, to: string): Operation<void>;
  symlink(target: string, path: string): Operation<void>;
  readLink(path: string): Operation<string>;
  realPath(path: string): Operation<string>;
  /** Starts at once: whatever happens after the call is told. Throws ENOENT, ENOSPC (too many watches) and the system's others. */
  watch(path: string): WatchHandle;
  /** Operations under way. */
  readonly pending: number;
}
