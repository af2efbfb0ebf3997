/**
 * Durable replacement of a file.
 *
 * What must hold, at whatever point the process or the machine stops: under the name is the old file or the new one, whole. The order
 * makes it so: the bytes are on the disk before the name leads to them, and the name is on the disk before anybody is told.
 */
import { dirname, isAbsolute } from 'node:path';
import type { FileStatus } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { toBytes } from './contents.ts';
import { File } from './file.ts';
import { DIRECTORY, toMode } from './flags.ts';
import { readLink, realPath, tryStat } from './names.ts';
import { FileFuture } from './operation.ts';
import { checkPermissions, type Path, toPath } from './path.ts';
import { RandomName } from './random-name.ts';

/** As the kernel follows at the most (path_resolution(7)). */
const MOST_LINKS = 40;

/** How a file is replaced. */
export interface WriteFileAtomicOptions {
  /** Default: those of the file that is replaced; of a new one 0o666, less the process's umask. */
  readonly permissions?: number;
  /**
   * Whether it waits until the new file is on the disk. Default true. Without, it is faster, and still whole for every other program; a crash
   * of the machine may leave the old one, or on some file systems an empty one.
   */
  readonly durable?: boolean;
}

/**
 * Replaces a file, or makes it, all at once: text as UTF-8. It writes to a temporary file in the same directory, syncs that, gives it the name,
 * and syncs the directory. Whoever has the old file open keeps it. Permissions are kept, and the owner where this process may; a second
 * name (a hard link) keeps the old contents; behind a symbolic link the file is replaced, or made, not the link.
 *
 * Cancelling it is *safe*: it was done or not, and no temporary file is left. (A crash may leave one: `.….pawl-tmp`.) Errors: BAD_ARGUMENT at once,
 * and for a device, a FIFO or a socket; ENOENT (the directory), EACCES (the directory may not be written to), EISDIR, ENOSPC and the system's others; the old file is there then.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { readText, tempDir, writeFileAtomic } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   try {
 *     const settings = `${folder.path}/settings.json`;
 *     yield* writeFileAtomic(settings, '{}');
 *     yield* writeFileAtomic(settings, '{ "theme": "dark" }');
 *     console.log(yield* readText(settings)); // { "theme": "dark" }
 *   } finally {
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export function writeFileAtomic(
  path: Path,
  data: string | Uint8Array,
  options: WriteFileAtomicOptions = {},
): Future<void> {
  const where = toPath(path);
  knownOptions('writeFileAtomic', options, { permissions: true, durable: true });
  const { permissions, durable = true } = options;
  if (permissions !== undefined) checkPermissions(permissions);
  return replace(where, toBytes(data), permissions, durable);
}

const replace = coroutine(function* (path: string, bytes: Uint8Array, asked: number | undefined, durable: boolean) {
  const old = yield* tryStat(path);
  // It cannot be replaced by a file, and would only fail with the last step.
  if (old?.type === 'directory')
    throw new PawlError('EISDIR', `EISDIR: illegal operation on a directory, open '${path}'`, {
      errno: -21,
      syscall: 'open',
      path,
    });
  // A device, a FIFO or a socket is what others know under that name: there is nothing in it to be replaced.
  if (old !== null && old.type !== 'file')
    throw new PawlError('BAD_ARGUMENT', `only a file can be replaced, '${path}' is a ${old.type}`, { path });
  const target = yield* old === null ? placeOf(path) : realPath(path);
  const directory = dirname(target);
  const temporary = `${directory}/.${yield* new RandomName()}.pawl-tmp`;
  let named = false;
  let failed = false;
  try {
    yield* writeTemporary(temporary, bytes, old, asked, durable);
    yield* new FileFuture<void>(`rename to '${target}'`, (files) => files.rename(temporary, target));
    named = true;
  } catch (error) {
    failed = true;
    throw aboutTarget(error, temporary, target);
  } finally {
    // Whether the rename of a cancelled replacement has happened, the name tells.
    if (!named) yield* removeTemporary(temporary, failed);
  }
  if (durable) yield* syncDirectory(directory);
});

/** Where a file is that is not there yet: where the links under its name lead, as for `open`. */
const placeOf = coroutine(function* (path: string) {
  let place = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    let leadsTo: string;
    try {
      leadsTo = yield* readLink(place);
    } catch (error) {
      if (error instanceof PawlError && (error.code === 'ENOENT' || error.code === 'EINVAL')) return place;
      throw error;
    }
    // Not normalized: what `..` is behind a link, the system knows.
    place = isAbsolute(leadsTo) ? leadsTo : `${dirname(place)}/${leadsTo}`;
  }
  return place;
});

const writeTemporary = coroutine(function* (
  temporary: string,
  bytes: Uint8Array,
  old: FileStatus | null,
  asked: number | undefined,
  durable: boolean,
) {
  // Until it has its own permissions, nobody else may read what may be a secret.
  const permissions = old === null && asked === undefined ? 0o666 : 0o600;
  using file = new File(
    yield* new FileFuture(`open '${temporary}'`, (files) => files.open(temporary, toMode('wx', { permissions }))),
  );
  yield* file.writeAt(bytes, 0);
  if (old !== null) yield* keepOwner(file, old);
  const wanted = asked ?? old?.permissions;
  // After the owner, whose change takes the set-user-ID bit away.
  if (wanted !== undefined) yield* file.setPermissions(wanted);
  if (durable) yield* file.sync();
});

/** Only root may give a file away; others keep what they can. */
const keepOwner = coroutine(function* (file: File, { uid, gid }: FileStatus) {
  const now = yield* file.stat();
  if (now.uid === uid && now.gid === gid) return;
  try {
    yield* new FileFuture<void>(`owner of '${file.path}'`, () => file.handle.setOwner(uid, gid));
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'EPERM') throw error;
  }
});

/** Nobody has asked for the temporary file: an error that names it names the file that was wanted. */
function aboutTarget(error: unknown, temporary: string, target: string): unknown {
  if (!(error instanceof PawlError) || error.path !== temporary || error.dest !== undefined) return error;
  const { errno, syscall } = error;
  return new PawlError(error.code, error.message.replaceAll(temporary, target), {
    ...(errno === undefined ? {} : { errno }),
    ...(syscall === undefined ? {} : { syscall }),
    path: target,
  });
}

/** Codes of a removal that say that there can be nothing to be removed. */
const UNMADE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EROFS', 'ENAMETOOLONG', 'ELOOP']);

const removeTemporary = coroutine(function* (temporary: string, failed: boolean) {
  try {
    yield* new FileFuture<void>(`removal of '${temporary}'`, (files) => files.unlink(temporary));
  } catch (error) {
    // It was not made, or cannot be removed: why, says the error that is on its way. A cancellation has none.
    if (!failed && !(error instanceof PawlError && UNMADE.has(error.code))) throw error;
  }
});

/**
 * Waits until names that were made, moved or removed in a directory are on the disk.
 *
 * Cancelling it is *safe*: they may be there or not. Errors: ENOENT, ENOTDIR, EACCES; EIO.
 */
export function syncDir(path: Path): Future<void> {
  return syncDirectory(toPath(path));
}

const syncDirectory = coroutine(function* (path: string) {
  using directory = new File(yield* new FileFuture(`open '${path}'`, (files) => files.open(path, DIRECTORY)));
  yield* directory.sync();
});
