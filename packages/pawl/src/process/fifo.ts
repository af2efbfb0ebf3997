/**
 * FIFOs: pipes with a name in the file system, for programs that do not know each other.
 *
 * What must hold: no thread waits in an open, as open(2) would until the other end comes.
 */
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { Pause } from '../time/pause.ts';
import { checkText } from './check.ts';
import { Make } from './make.ts';
import { PipeReader, PipeWriter } from './pipe.ts';

/**
 * Makes a FIFO, by default for this user alone (0o600).
 *
 * Cancelling it is *safe*. Errors: BAD_ARGUMENT at once; EEXIST, ENOENT, EACCES, with `path`.
 */
export function makeFifo(path: string, permissions = 0o600): Future<void> {
  checkText('a path', path, false);
  if (!Number.isInteger(permissions) || permissions < 0 || permissions > 0o7777)
    throw new PawlError('BAD_ARGUMENT', `permissions are a number from 0 to 0o7777, got ${permissions}`);
  return new Make('a FIFO', (processes) => processes.makeFifo(path, permissions));
}

/** How a FIFO is opened to read. */
export interface OpenFifoReaderOptions {
  /** It has no end: for who serves whoever comes. Default false. */
  readonly endless?: boolean;
}

/**
 * Opens a FIFO to read, which does not wait: the first read does, until somebody has opened it to write. The reader comes to its end when all of
 * them have closed it, and stays there until somebody opens it anew; with `endless` it waits for the next writer instead, for ever.
 *
 * Cancelling it is *safe*. Errors: BAD_ARGUMENT (at once, or when the path is something else than a FIFO); ENOENT, EACCES, with `path`.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { tempDir } from 'pawl/fs';
 * import { BufferedReader } from 'pawl/io';
 * import { makeFifo, openFifoReader, openFifoWriter } from 'pawl/process';
 * await run(function* () {
 *   const folder = yield* tempDir();
 *   const path = `${folder.path}/fifo`;
 *   yield* makeFifo(path);
 *   const [reader, writer] = yield* join([openFifoReader(path), openFifoWriter(path)]);
 *   yield* writer.writeAll(new TextEncoder().encode('hello\n'));
 *   console.log(yield* new BufferedReader(reader).readLine()); // hello
 *   writer.close();
 *   reader.close();
 *   yield* folder.remove();
 * });
 * ```
 */
export function openFifoReader(path: string, options: OpenFifoReaderOptions = {}): Future<PipeReader> {
  knownOptions('openFifoReader', options, { endless: true });
  const { endless = false } = options;
  checkText('a path', path, false);
  return map(
    new Make('a FIFO', (processes) => processes.openFifo(path, endless ? 'both' : 'read')),
    (handle) => new PipeReader(handle, `FIFO '${path}'`),
  );
}

/** How a FIFO is opened to write. */
export interface OpenFifoWriterOptions {
  /** False: ENXIO where nobody has it open to read. Default true: waits until somebody has. */
  readonly wait?: boolean;
}

/**
 * Opens a FIFO to write, and waits until somebody has opened it to read. Nothing tells of that, so it asks again after 1 ms and then ever longer, up
 * to 50 ms.
 *
 * Cancelling it is *safe*. Errors: as {@link openFifoReader}; ENXIO with `wait` false.
 */
export function openFifoWriter(path: string, options: OpenFifoWriterOptions = {}): Future<PipeWriter> {
  knownOptions('openFifoWriter', options, { wait: true });
  const { wait = true } = options;
  checkText('a path', path, false);
  return opened(path, wait);
}

const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;

const opened = coroutine(function* openFifo(path: string, wait: boolean) {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      const handle = yield* new Make('a FIFO', (processes) => processes.openFifo(path, 'write'));
      return new PipeWriter(handle, `FIFO '${path}'`);
    } catch (error) {
      if (!wait || !(error instanceof PawlError) || error.code !== 'ENXIO') throw error;
    }
    yield* new Pause(pause, `a reader of FIFO '${path}'`);
  }
});
