/** Names in directories: what is there, and making, moving and removing them. */
import type { FileStatus } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { dirname } from 'node:path';
import { FileFuture } from './operation.ts';
import { checkPermissions, type Path, toPath } from './path.ts';

/** How a link is looked at. */
export interface StatOptions {
  /** Of a symbolic link: what it points at (the default), or the link itself. */
  readonly followLinks?: boolean;
}

/**
 * What the system knows of a file or directory.
 *
 * Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; ENOENT, EACCES, ENOTDIR, ELOOP and the system's others, with `syscall` and `path`.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { stat } from 'pawl/fs';
 * console.log(blockOn(stat('/dev/null')).type); // character device
 * ```
 */
export function stat(path: Path, options: StatOptions = {}): Future<FileStatus> {
  const where = toPath(path);
  knownOptions('stat', options, { followLinks: true });
  const { followLinks = true } = options;
  return new FileFuture(`stat of '${where}'`, (files) => files.status(where, followLinks));
}

/**
 * As {@link stat}, or null where nothing is there. Whoever wants to open, make or remove it should just do that, and see: until then it may
 * have changed.
 *
 * Cancelling it is *safe*. Errors: as {@link stat}, but for ENOENT and ENOTDIR.
 */
export function tryStat(path: Path, options: StatOptions = {}): Future<FileStatus | null> {
  return found(stat(path, options));
}

const found = coroutine(function* <T>(future: Future<T>) {
  try {
    return yield* future;
  } catch (error) {
    if (error instanceof PawlError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw error;
  }
}) as <T>(future: Future<T>) => Future<T | null>;

/**
 * Moves a file or directory, replacing a file, or an empty directory, that has the new name. It happens at once: nobody sees neither or both.
 *
 * Cancelling it is *safe*: it was done or not. Errors: BAD_ARGUMENT at once; ENOENT, EACCES, EXDEV (another file system), ENOTEMPTY and the
 * system's others, with `path` and `dest`.
 */
export function rename(from: Path, to: Path): Future<void> {
  const [source, target] = [toPath(from), toPath(to)];
  return new FileFuture(`rename of '${source}'`, (files) => files.rename(source, target));
}

/** Gives a file a second name. Cancelling it is *safe*: it was done or not. Errors: BAD_ARGUMENT; ENOENT, EEXIST, EXDEV, EPERM and others. */
export function link(existing: Path, added: Path): Future<void> {
  const [source, target] = [toPath(existing), toPath(added)];
  return new FileFuture(`link of '${source}'`, (files) => files.link(source, target));
}

/**
 * Makes a symbolic link at `path`; `target` is kept as it is written, and relative to the link's directory.
 *
 * Cancelling it is *safe*: it was done or not. Errors: BAD_ARGUMENT; EEXIST, ENOENT, EACCES and others.
 */
export function symlink(target: string, path: Path): Future<void> {
  const [to, where] = [toPath(target), toPath(path)];
  return new FileFuture(`symbolic link at '${where}'`, (files) => files.symlink(to, where));
}

/** What a symbolic link points at, as it is written. Cancelling it is *safe*. Errors: BAD_ARGUMENT; EINVAL (no link), ENOENT and others. */
export function readLink(path: Path): Future<string> {
  const where = toPath(path);
  return new FileFuture(`target of '${where}'`, (files) => files.readLink(where));
}

/** The absolute path without links. Cancelling it is *safe*. Errors: BAD_ARGUMENT; ENOENT, ELOOP, EACCES and others. */
export function realPath(path: Path): Future<string> {
  const where = toPath(path);
  return new FileFuture(`real path of '${where}'`, (files) => files.realPath(where));
}

/** How a directory is made. */
export interface MakeDirOptions {
  /** With the directories above it; and it may be there already. Default false. */
  readonly recursive?: boolean;
  /** Less the process's umask. Default 0o777. */
  readonly permissions?: number;
}

/**
 * Makes a directory.
 *
 * Cancelling it is *safe*: some of the directories above it may have been made. Errors: BAD_ARGUMENT at once; EEXIST (with `recursive`, only
 * for something that is no directory), ENOENT, ENOTDIR, EACCES, ENOSPC and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { makeDir, stat, tempDir } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   try {
 *     yield* makeDir(`${folder.path}/a/b/c`, { recursive: true });
 *     console.log((yield* stat(`${folder.path}/a/b/c`)).type); // directory
 *   } finally {
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export function makeDir(path: Path, options: MakeDirOptions = {}): Future<void> {
  const where = toPath(path);
  knownOptions('makeDir', options, { recursive: true, permissions: true });
  const { recursive = false, permissions = 0o777 } = options;
  checkPermissions(permissions);
  return recursive ? makeAll(where, permissions) : makeOne(where, permissions);
}

export function makeOne(path: string, permissions: number): Future<void> {
  return new FileFuture(`making of directory '${path}'`, (files) => files.makeDirectory(path, permissions));
}

/** Most often only the last is missing. */
const makeAll: (path: string, permissions: number) => Future<void> = coroutine(function* (
  path: string,
  permissions: number,
) {
  try {
    yield* makeOne(path, permissions);
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    if (error.code === 'ENOENT') {
      const above = dirname(path);
      if (above === path) throw error;
      yield* makeAll(above, permissions);
      yield* makeAll(path, permissions);
    } else if (error.code !== 'EEXIST' || (yield* tryStat(path))?.type !== 'directory') throw error;
  }
});
