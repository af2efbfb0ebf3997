/** Removing files, and directories with all that is in them. */
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { mapConcurrent } from '../future/map-concurrent.ts';
import { type DirEntry, listDir } from './directory.ts';
import { stat } from './names.ts';
import { FileFuture } from './operation.ts';
import { type Path, toPath } from './path.ts';

/** How much is removed. */
export interface RemoveOptions {
  /** Of a directory, all that is in it first. Default false: a directory must be empty. */
  readonly recursive?: boolean;
  /** Nothing is there: that is as well. Default false: ENOENT. */
  readonly force?: boolean;
}

/** As many at once as libuv has threads. */
const AT_ONCE = 4;

/** A directory that others fill as fast as it is emptied. */
const MOST_TRIES = 4;

/**
 * Removes a file, a symbolic link (not what it points at), or an empty directory; with `recursive`, a directory with everything in it.
 *
 * Cancelling it is *safe*: what has been removed is gone, the rest is there. Errors: BAD_ARGUMENT at once; ENOENT without `force`; ENOTEMPTY
 * without `recursive`, or when others keep on filling it; EACCES, EPERM, EBUSY and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { makeDir, remove, tempDir, tryStat } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   yield* makeDir(`${folder.path}/a/b`, { recursive: true });
 *   yield* remove(folder.path, { recursive: true });
 *   console.log(yield* tryStat(folder.path)); // null
 * });
 * ```
 */
export function remove(path: Path, options: RemoveOptions = {}): Future<void> {
  const where = toPath(path);
  knownOptions('remove', options, { recursive: true, force: true });
  const { recursive = false, force = false } = options;
  return removePath(where, recursive, force);
}

const removePath = coroutine(function* (path: string, recursive: boolean, force: boolean) {
  try {
    const { type } = yield* stat(path, { followLinks: false });
    if (type !== 'directory') yield* unlink(path);
    else if (recursive) yield* removeTree(path);
    else yield* removeEmpty(path);
  } catch (error) {
    if (!force || !isCode(error, 'ENOENT')) throw error;
  }
});

const unlink = (path: string): Future<void> => new FileFuture(`removal of '${path}'`, (files) => files.unlink(path));

const removeEmpty = (path: string): Future<void> =>
  new FileFuture(`removal of '${path}'`, (files) => files.removeDirectory(path));

const removeTree: (path: string) => Future<void> = coroutine(function* (path: string) {
  for (let tries = 1; ; tries++) {
    const entries = yield* listDir(path);
    yield* mapConcurrent(entries, AT_ONCE, (entry) => removeEntry(entry));
    try {
      return yield* removeEmpty(path);
    } catch (error) {
      if (tries === MOST_TRIES || !isCode(error, 'ENOTEMPTY')) throw error;
    }
  }
});

/** Somebody else may be faster. */
const removeEntry: (entry: DirEntry) => Future<void> = coroutine(function* ({ path, type }: DirEntry) {
  try {
    if (type === 'directory') yield* removeTree(path);
    else if (type === 'unknown') yield* removePath(path, true, true);
    else yield* unlink(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
});

function isCode(error: unknown, code: string): boolean {
  return error instanceof PawlError && error.code === code;
}
