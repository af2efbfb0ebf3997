/** Whole files: reading them, and writing them in place. */
import { Buffer } from 'node:buffer';
import type { FileHandle } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { checkBytes } from '../io/stream.ts';
import { File } from './file.ts';
import { type OpenFlags, toMode } from './flags.ts';
import { FileFuture } from './operation.ts';
import { checkPlace, type Path, toPath } from './path.ts';
import { ReadAt, WriteAt } from './positioned.ts';

/** How a file is read. */
export interface ReadFileOptions {
  /** LIMIT_EXCEEDED when there are more bytes. Default 2 GiB. */
  readonly limit?: number;
}

/** How a file is written. */
export interface WriteFileOptions {
  /** `w` (the default) replaces what was there, `a` appends to it, `wx` and `ax` want nothing to be there. */
  readonly flags?: Extract<OpenFlags, 'w' | 'wx' | 'a' | 'ax'>;
  /** Of a file that is made by it, less the process's umask. Default 0o666. */
  readonly permissions?: number;
}

const DEFAULT_LIMIT = 2 ** 31;

/** What is read at least at once where the size is not known (of a file in /proc it is said to be 0). */
export const UNKNOWN: number = 16 * 1024;

/**
 * The bytes of a file.
 *
 * Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; LIMIT_EXCEEDED; ENOENT, EACCES, EISDIR and the system's others.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { readFile } from 'pawl/fs';
 * console.log(blockOn(readFile('/etc/hostname')).length > 0); // true
 * ```
 */
export function readFile(path: Path, options: ReadFileOptions = {}): Future<Uint8Array<ArrayBuffer>> {
  const where = toPath(path);
  knownOptions('readFile', options, { limit: true });
  const { limit = DEFAULT_LIMIT } = options;
  checkPlace('limit', limit);
  return readWhole(where, limit);
}

/**
 * The text of a file, which is UTF-8: what is not becomes U+FFFD.
 *
 * Cancelling it is *safe*. Errors: as {@link readFile}.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { readText } from 'pawl/fs';
 * console.log(blockOn(readText(new URL(import.meta.url))).includes('readText')); // true
 * ```
 */
export function readText(path: Path, options: ReadFileOptions = {}): Future<string> {
  return map(readFile(path, options), ({ buffer, byteOffset, length }) =>
    Buffer.from(buffer, byteOffset, length).toString('utf8'),
  );
}

const READ = toMode('r', {});

const open = (path: string, mode: typeof READ): Future<FileHandle> =>
  new FileFuture<FileHandle>(`open '${path}'`, (files) => files.open(path, mode));

const readWhole = coroutine(function* (path: string, limit: number) {
  using file = new File(yield* open(path, READ));
  const { size } = yield* file.stat();
  if (size > limit) throw tooLong(path, limit);
  // One byte more than there should be: a read that leaves it free has met the end.
  let bytes = new Uint8Array(size === 0 ? UNKNOWN : size + 1);
  let filled = 0;
  for (;;) {
    const count = yield* readOn(file, bytes.subarray(filled), filled);
    filled += count;
    if (filled > limit) throw tooLong(path, limit);
    if (filled < bytes.length) return bytes.subarray(0, filled);
    const more = new Uint8Array(Math.min(Math.max(2 * bytes.length, UNKNOWN), limit + 1));
    more.set(bytes);
    bytes = more;
  }
});

/** What has no places is read where it is. */
const readOn = coroutine(function* (file: File, target: Uint8Array, position: number) {
  try {
    return yield* new ReadAt(file.handle, target, position);
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'ESPIPE') throw error;
  }
  let filled = 0;
  while (filled < target.length) {
    const count = yield* file.read(target.subarray(filled));
    if (count === 0) break;
    filled += count;
  }
  return filled;
});

function tooLong(path: string, limit: number): PawlError {
  return new PawlError('LIMIT_EXCEEDED', `'${path}' has more than the ${limit} bytes that were allowed`, { path });
}

/** The bytes of what is to be written. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  checkBytes(data);
  return data;
}

/**
 * Writes a whole file in place: text as UTF-8.
 *
 * Cancelling it *loses data*, and so does a crash: the file may be empty, or have only a part. `writeFileAtomic` leaves the old file or the
 * new one. Errors: BAD_ARGUMENT at once; EACCES, EISDIR, ENOENT (the directory), EEXIST (with `x`), ENOSPC and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { readText, tempDir, writeFile } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   try {
 *     yield* writeFile(`${folder.path}/log`, 'one\n');
 *     yield* writeFile(`${folder.path}/log`, 'two\n', { flags: 'a' });
 *     console.log(JSON.stringify(yield* readText(`${folder.path}/log`))); // "one\ntwo\n"
 *   } finally {
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export function writeFile(path: Path, data: string | Uint8Array, options: WriteFileOptions = {}): Future<void> {
  const where = toPath(path);
  knownOptions('writeFile', options, { flags: true, permissions: true });
  const { flags = 'w', permissions } = options;
  const mode = toMode(flags, permissions === undefined ? {} : { permissions });
  if (!mode.create) throw new PawlError('BAD_ARGUMENT', `a file is written with flags w or a, not '${flags}'`);
  return writeWhole(where, toBytes(data), mode);
}

const writeWhole = coroutine(function* (path: string, bytes: Uint8Array, mode: typeof READ) {
  using file = new File(yield* open(path, mode));
  // What is appended, or written to a pipe, has no place.
  if (mode.append) yield* file.writeAll(bytes);
  else yield* writeOn(file, bytes);
});

const writeOn = coroutine(function* (file: File, bytes: Uint8Array) {
  try {
    yield* new WriteAt(file.handle, bytes, 0);
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'ESPIPE') throw error;
    yield* file.writeAll(bytes);
  }
});
