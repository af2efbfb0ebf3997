/** Copying a file, as a future that says how far it has come. */
import type { FileStatus, OpenMode } from '../driver/files.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Context } from '../future/context.ts';
import { start, type Steps } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { UNKNOWN } from './contents.ts';
import { File } from './file.ts';
import { toMode } from './flags.ts';
import { stat, tryStat } from './names.ts';
import { FileFuture } from './operation.ts';
import { type Path, toPath } from './path.ts';

/** How a file is copied. */
export interface CopyFileOptions {
  /** EEXIST where something is already. Default false: it is replaced. */
  readonly exclusive?: boolean;
  /** Told after each piece: the bytes that have been copied, and those that there are. What it throws ends the copy. */
  readonly onProgress?: (copied: number, total: number) => void;
}

/** Large enough that the pool's round trip is a small part of it. */
const PIECE = 512 * 1024;

/** What {@link copyFile} gives. */
export class CopyFile extends Future<number> {
  private readonly from: string;
  private readonly to: string;
  private readonly options: CopyFileOptions;
  private readonly body: Future<number>;
  private count = 0;
  private size = 0;

  /** @internal */
  constructor(from: string, to: string, options: CopyFileOptions) {
    super();
    this.from = from;
    this.to = to;
    this.options = options;
    this.body = start(() => this.steps());
  }

  /** Bytes that have been copied. */
  get copied(): number {
    return this.count;
  }

  /** Bytes that there are; 0 until the file has been opened. */
  get total(): number {
    return this.size;
  }

  override poll(cx: Context): Poll<number> {
    return this.body.poll(cx);
  }

  override cancel(cx: Context): Poll<void> {
    return this.body.cancel(cx);
  }

  static {
    // Not a method under its own name: a declaration file can be made of one file alone only if no member has a computed name.
    void Object.defineProperty(this.prototype, waitInfo, {
      value(this: CopyFile): WaitInfo {
        return { what: `copy of '${this.from}'`, branches: [{ name: this.to, future: this.body }] };
      },
    });
  }

  private *steps(): Steps<number> {
    const { from, to, options } = this;
    // Before it is opened: a FIFO's other end might never come.
    checkType(from, yield* stat(from));
    using source = yield* open(from, toMode('r', {}));
    const status = yield* source.stat();
    checkType(from, status);
    const { size, permissions, device, inode } = status;
    const there = yield* tryStat(to);
    if (there !== null && options.exclusive !== true) checkType(to, there);
    this.size = size;
    const mode = toMode(options.exclusive === true ? 'wx' : 'w', { permissions });
    // Not cut before it is known to be another file.
    using target = yield* open(to, { ...mode, truncate: false });
    const other = yield* target.stat();
    if (other.device === device && other.inode === inode) {
      throw new PawlError('BAD_ARGUMENT', `'${from}' and '${to}' are the same file`, { path: from, dest: to });
    }
    yield* target.truncate(0);
    // What the kernel makes up (in /proc) is said to have no bytes.
    const piece = new Uint8Array(size === 0 ? UNKNOWN : Math.min(PIECE, size));
    for (;;) {
      const read = yield* source.read(piece);
      if (read === 0) break;
      yield* target.writeAll(read === piece.length ? piece : piece.subarray(0, read));
      this.count += read;
      options.onProgress?.(this.count, Math.max(size, this.count));
    }
    return this.count;
  }
}

function* open(path: string, mode: OpenMode): Steps<File> {
  return new File(yield* new FileFuture(`open '${path}'`, (files) => files.open(path, mode)));
}

/** A device may have no end, and a FIFO no other end. */
function checkType(path: string, { type }: FileStatus): void {
  if (type === 'file') return;
  if (type === 'directory') throw directory(path);
  throw new PawlError('BAD_ARGUMENT', `only a file can be copied, or replaced by a copy, '${path}' is a ${type}`, {
    path,
  });
}

function directory(path: string): PawlError {
  return new PawlError('EISDIR', `EISDIR: illegal operation on a directory, read '${path}'`, {
    errno: -21,
    syscall: 'read',
    path,
  });
}

/**
 * Copies a file's bytes and, to a new file, its permissions: the number of bytes.
 *
 * Cancelling it *loses data*: the target has a part of the bytes, `copied` says how many; so it is when it fails. Holes become zeros. Errors:
 * BAD_ARGUMENT at once for bad paths and options, and when both are the same file or one is a device, a FIFO or a socket; ENOENT, EISDIR, EEXIST (with `exclusive`), EACCES, ENOSPC and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { copyFile, tempDir } from 'pawl/fs';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   try {
 *     const copying = copyFile(new URL(import.meta.url), `${folder.path}/copy`);
 *     console.log((yield* copying) === copying.total); // true
 *   } finally {
 *     yield* folder.remove();
 *   }
 * });
 * ```
 */
export function copyFile(from: Path, to: Path, options: CopyFileOptions = {}): CopyFile {
  knownOptions('copyFile', options, { exclusive: true, onProgress: true });
  if (options.onProgress !== undefined && typeof options.onProgress !== 'function')
    throw new PawlError('BAD_ARGUMENT', `onProgress is a function, got ${String(options.onProgress)}`);
  return new CopyFile(toPath(from), toPath(to), options);
}
