/**
 * The standard streams of this process.
 *
 * What must hold: each behaves the same over a terminal, a pipe, a socket and a file, and leaves what it is over as it was: `process.stdin`,
 * `process.stdout` and the shell use it, too. Closing one leaves the descriptor open.
 */
import type { FileHandle } from '../driver/files.ts';
import type { PipeReaderHandle, PipeWriterHandle, ProcessDriver, Standard, TerminalSize } from '../driver/process.ts';
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';
import { ready } from '../future/ready.ts';
import { FileFuture } from '../fs/operation.ts';
import { checkBytes, type Lease, type Reader, type Writer } from '../io/stream.ts';
import { writeAll, type WriteAll } from '../io/transfer.ts';
import { Make } from './make.ts';
import { PipeReader, PipeWriter } from './pipe.ts';

/** What a standard stream is. A device that is no terminal, as /dev/null, counts as a file. */
export type StandardKind = 'terminal' | 'pipe' | 'socket' | 'file';

abstract class StandardStream implements Disposable {
  readonly kind: StandardKind;
  private readonly fd: 0 | 1 | 2;
  protected readonly processes: ProcessDriver;

  constructor(kind: StandardKind, fd: 0 | 1 | 2, processes: ProcessDriver) {
    this.kind = kind;
    this.fd = fd;
    this.processes = processes;
  }

  /** Columns and rows of the terminal; null when it is none. SIGWINCH tells of a change: see `signals`. */
  get terminalSize(): TerminalSize | null {
    return this.kind === 'terminal' ? this.processes.terminalSize(this.fd) : null;
  }

  abstract get closed(): boolean;
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The standard input, made by {@link stdin}. */
export class StandardInput extends StandardStream implements Reader {
  private readonly pipe: PipeReader | null;
  private readonly file: FileHandle | null;
  private readonly restores: Set<() => void> = new Set();

  /** @internal */
  constructor({ kind, handle }: Standard<PipeReaderHandle>, processes: ProcessDriver) {
    super(kind, 0, processes);
    this.pipe = kind === 'file' ? null : new PipeReader(handle, 'stdin');
    this.file = kind === 'file' ? handle : null;
  }

  get closed(): boolean {
    return (this.pipe ?? this.file!).closed;
  }

  /**
   * Waits for bytes and copies them into `target`: how many, at least 1; 0 at the end (of a terminal: after Ctrl-D), or for an empty target.
   *
   * Cancelling it is *safe*; of a device that counts as a file it *loses* what has come. Errors: BUSY while another task reads; CLOSED; EIO and the
   * system's others.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    if (this.pipe !== null) return this.pipe.read(target);
    return target.length === 0
      ? ready(0)
      : new FileFuture<number>('read of stdin', () => this.file!.read(target, null));
  }

  /** As {@link read}, with memory that is held while it waits only where it is a file. Cancelling it is *safe*. */
  readLeased(lease: Lease): Future<number> {
    return this.pipe === null ? this.read(lease.take()) : this.pipe.readLeased(lease);
  }

  /**
   * The terminal gives each key as it is typed: nothing is echoed or edited, and Ctrl-C is a byte (3) and no signal. Until what is returned is
   * disposed of, the stream is closed, or the process ends. Throws ENOTTY when it is no terminal, CLOSED.
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { stdin } from 'pawl/process';
   * await run(function* () {
   *   using input = yield* stdin();
   *   if (input.kind !== 'terminal') return;
   *   using _raw = input.rawMode();
   *   const key = new Uint8Array(1);
   *   yield* input.read(key);
   * });
   * ```
   */
  rawMode(): Disposable {
    if (this.closed) throw new PawlError('CLOSED', 'the standard input has been closed');
    const restore = this.processes.rawTerminal(0);
    this.restores.add(restore);
    return {
      [Symbol.dispose]: () => {
        this.restores.delete(restore);
        restore();
      },
    };
  }

  /** A read that another task waits in fails with CLOSED. The descriptor stays open. Harmless when closed. */
  close(): void {
    for (const restore of [...this.restores].reverse()) restore();
    this.restores.clear();
    (this.pipe ?? this.file!).close();
  }
}

/** The standard output, or the standard error: see {@link stdout} and {@link stderr}. */
export class StandardOutput extends StandardStream implements Writer {
  private readonly pipe: PipeWriter | null;
  private readonly file: FileHandle | null;
  private readonly name: string;

  /** @internal */
  constructor({ kind, handle }: Standard<PipeWriterHandle>, fd: 1 | 2, processes: ProcessDriver) {
    super(kind, fd, processes);
    this.name = NAMES[fd];
    this.pipe = kind === 'file' ? null : new PipeWriter(handle, this.name);
    this.file = kind === 'file' ? handle : null;
  }

  get closed(): boolean {
    return (this.pipe ?? this.file!).closed;
  }

  /**
   * Waits until it takes bytes of `source`: how many.
   *
   * Cancelling it is *safe*: nothing has been written then; to a file it may have been (*loses data*). Errors: BUSY while another task writes; CLOSED;
   * EPIPE when nobody reads any more; ENOSPC, EIO and the system's others.
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    if (this.pipe !== null) return this.pipe.write(source);
    return source.length === 0
      ? ready(0)
      : new FileFuture<number>(`write to ${this.name}`, () => this.file!.write(source, null));
  }

  /** Writes all of `source`. Cancelling it *loses data*: a part may have been written; its `written` says how much. Errors: as {@link write}. */
  writeAll(source: Uint8Array): WriteAll {
    return writeAll(this, source);
  }

  /** There is nothing to end: others write to it, too. It stays open. Cancelling it is *safe*. */
  shutdown(): Future<void> {
    return ready(undefined);
  }

  /** A write that another task waits in fails with CLOSED. The descriptor stays open. Harmless when closed. */
  close(): void {
    (this.pipe ?? this.file!).close();
  }
}

const NAMES = { 1: 'stdout', 2: 'stderr' } as const;

/**
 * The standard input, as a reader. Nothing is read before it is asked for, so that what `process.stdin` or a child that inherits it reads is not
 * taken away; of two who read at the same time each gets some. Close it, or declare it with `using`.
 *
 * Cancelling it is *safe*. Errors: EBADF when it is closed; UNSUPPORTED_PLATFORM.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { BufferedReader } from 'pawl/io';
 * import { stdin, stdout } from 'pawl/process';
 * await run(function* () {
 *   using input = yield* stdin();
 *   using output = yield* stdout();
 *   const lines = new BufferedReader(input);
 *   let count = 0;
 *   while ((yield* lines.readLine()) !== null) count++;
 *   yield* output.writeAll(new TextEncoder().encode(`${count} lines\n`));
 * });
 * ```
 */
export function stdin(): Future<StandardInput> {
  return new Make('the standard input', (processes) => new StandardInput(processes.standardInput(), processes));
}

/**
 * The standard output, as a writer. What `console.log` writes stands before what is written later, since Node writes it at once; a write here that
 * waits for the reader is overtaken by it. Close it, or declare it with `using`.
 *
 * Cancelling it is *safe*. Errors: EBADF when it is closed; UNSUPPORTED_PLATFORM.
 */
export function stdout(): Future<StandardOutput> {
  return new Make('the standard output', (processes) => new StandardOutput(processes.standardOutput(1), 1, processes));
}

/** The standard error, as {@link stdout}. Cancelling it is *safe*. Errors: as there. */
export function stderr(): Future<StandardOutput> {
  return new Make('the standard error', (processes) => new StandardOutput(processes.standardOutput(2), 2, processes));
}
