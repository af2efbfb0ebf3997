/**
 * Temporary files and directories.
 *
 * What must hold: a name is had by whoever makes it: what is there already is never used, so nobody else can have prepared it. It is for its
 * owner alone (0o600, 0o700).
 */
import { tmpdir } from 'node:os';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { shield } from '../future/shield.ts';
import { joined } from './directory.ts';
import { File } from './file.ts';
import { toMode } from './flags.ts';
import { makeOne } from './names.ts';
import { FileFuture } from './operation.ts';
import { type Path, toPath } from './path.ts';
import { RandomName } from './random-name.ts';
import { remove } from './remove.ts';

/** Where it is made, and how its name begins. */
export interface TempOptions {
  /** Default: the system's, TMPDIR or `/tmp`. */
  readonly directory?: Path;
  /** Without a slash. Default `'pawl-'`. */
  readonly prefix?: string;
}

/**
 * A directory of one's own, made by {@link tempDir}. `yield* remove()` at the end, in a `finally`; in ordinary async code and compiled
 * coroutines, declare it with `await using`.
 */
export class TempDir implements AsyncDisposable {
  readonly path: string;

  /** @internal */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Removes it with everything in it, if it is still there. Cancelling it waits until it has: a `finally` in which it stands may be met by a
   * cancellation like any other place. Errors: as those of `remove`.
   */
  remove(): Future<void> {
    return shield(remove(this.path, { recursive: true, force: true }));
  }

  [Symbol.asyncDispose](): Future<void> {
    return this.remove();
  }
}

/** An open file of one's own, made by {@link tempFile}: closed and removed with `yield* remove()`, or `await using`. */
export class TempFile implements AsyncDisposable {
  /** Open for reading and writing. */
  readonly file: File;

  /** @internal */
  constructor(file: File) {
    this.file = file;
  }

  get path(): string {
    return this.file.path;
  }

  /** Closes and removes it, if it is still there. Cancelling it waits until it has. Errors: as those of `remove`. */
  remove(): Future<void> {
    return shield(closeAndRemove(this.file));
  }

  [Symbol.asyncDispose](): Future<void> {
    return this.remove();
  }
}

const closeAndRemove = coroutine(function* (file: File) {
  file.close();
  yield* remove(file.path, { force: true });
});

/**
 * Makes a directory for temporary files.
 *
 * Cancelling it is *safe*: it is removed. Errors: BAD_ARGUMENT at once; ENOENT, EACCES, ENOSPC and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { tempDir, tryStat, writeFile } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir({ prefix: 'build-' });
 *   try {
 *     yield* writeFile(`${folder.path}/output`, 'done');
 *   } finally {
 *     yield* folder.remove();
 *   }
 *   console.log(yield* tryStat(folder.path)); // null
 * });
 * ```
 */
export function tempDir(options: TempOptions = {}): Future<TempDir> {
  return makeTempDir(start(options));
}

/** Makes a file and opens it, to be read and written. Cancelling it is *safe*: it is closed and removed. Errors: as {@link tempDir}. */
export function tempFile(options: TempOptions = {}): Future<TempFile> {
  return makeTempFile(start(options));
}

/** The path without its random end. */
function start(options: TempOptions): string {
  knownOptions('a temporary file or directory', options, { directory: true, prefix: true });
  const { directory = tmpdir() } = options;
  const prefix: unknown = options.prefix ?? 'pawl-';
  if (typeof prefix !== 'string' || prefix.includes('/')) {
    throw new PawlError('BAD_ARGUMENT', `a prefix has no slash, got '${String(prefix)}'`);
  }
  return toPath(joined(toPath(directory), prefix));
}

/** So many in a row are never there by chance. */
const MOST_TRIES = 16;

const makeTempDir = coroutine(function* (path: string) {
  for (let tries = 1; ; tries++) {
    const full = path + (yield* new RandomName());
    let ended = false;
    try {
      yield* makeOne(full, 0o700);
      ended = true;
      return new TempDir(full);
    } catch (error) {
      ended = true;
      if (tries === MOST_TRIES || !isTaken(error)) throw error;
    } finally {
      // Cancelled: it may have been made. (Somebody else's of that name is not empty, or as good as none.)
      if (!ended) yield* remove(full, { force: true });
    }
  }
});

const makeTempFile = coroutine(function* (path: string) {
  for (let tries = 1; ; tries++) {
    const full = path + (yield* new RandomName());
    const mode = toMode('wx+', { permissions: 0o600 });
    let ended = false;
    try {
      const handle = yield* new FileFuture(`open '${full}'`, (files) => files.open(full, mode));
      ended = true;
      return new TempFile(new File(handle));
    } catch (error) {
      ended = true;
      if (tries === MOST_TRIES || !isTaken(error)) throw error;
    } finally {
      // Cancelled: the driver has closed it.
      if (!ended) yield* remove(full, { force: true });
    }
  }
});

function isTaken(error: unknown): boolean {
  return error instanceof PawlError && error.code === 'EEXIST';
}
