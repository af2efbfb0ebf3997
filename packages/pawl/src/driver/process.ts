/**
 * The contract of processes: children, signals, pipes, the standard streams and other people's descriptors. A world without them has none of it,
 * and says so by name.
 *
 * What must hold, besides what holds for every handle:
 * - A pipe, a terminal and a descriptor are polled as sockets are. A closed handle wakes whoever waits, whose next poll throws CLOSED.
 * - A child that has ended is reaped, whether anybody waits for it or not, unless it is held.
 * - A signal that comes several times before it is polled is told once.
 */
import type { Context } from '../future/context.ts';
import { PawlError } from '../error/index.ts';
import type { Poll } from '../future/poll.ts';
import { type Direction, driverOf } from './driver.ts';
import type { FileHandle } from './files.ts';

/** Where bytes come from. */
export interface PipeReaderHandle {
  pollRead(cx: Context, target: Uint8Array): Poll<number>;
  forget(direction: 'read'): void;
  close(): void;
  readonly closed: boolean;
}

/** Where bytes go. Up to 4096 of them at once are written together or not at all (PIPE_BUF). */
export interface PipeWriterHandle {
  /** Throws EPIPE when nobody can read any more; never SIGPIPE. */
  pollWrite(cx: Context, source: Uint8Array): Poll<number>;
  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number>;
  forget(direction: 'write'): void;
  /** There is nothing between open and closed: the same as `close`. */
  shutdown(how: 'write'): void;
  close(): void;
  readonly closed: boolean;
}

/** Columns and rows of characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a standard stream is: its kind, and the handle for its bytes. */
export type Standard<H> =
  | { readonly kind: 'terminal' | 'pipe' | 'socket'; readonly handle: H }
  | { readonly kind: 'file'; readonly handle: FileHandle };

/** Somebody's descriptor, watched. */
export interface DescriptorHandle {
  readonly fd: number;
  /** Until the descriptor may be read or written, or has been closed by its other end. What is given back goes to `clear`. */
  pollReady(cx: Context, direction: Direction): Poll<number>;
  /** What is known now, without waiting; -1 when it is not ready. */
  ready(direction: Direction): number;
  /** A call has found nothing to do: not ready any more, unless an event has come since `generation` was given. */
  clear(direction: Direction, generation: number): void;
  forget(direction: Direction): void;
  close(): void;
  readonly closed: boolean;
}

/** What a child gets as one of its standard streams. A path is opened for it: read, written anew, or appended to. */
export type ChildStream =
  | { readonly kind: 'pipe' | 'inherit' | 'null' }
  | { readonly kind: 'descriptor'; readonly fd: number }
  /** Our end of a pipe, or of a FIFO, which is the child's from then on: it is closed here when the child has started. */
  | { readonly kind: 'end'; readonly end: PipeReaderHandle | PipeWriterHandle }
  | { readonly kind: 'file'; readonly path: string; readonly append: boolean };

export interface SpawnRequest {
  /** With a slash it is a path; without, it is looked for in the PATH of `environment`. */
  readonly program: string;
  /** The first is the name by which it is called. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly streams: readonly [ChildStream, ChildStream, ChildStream];
  readonly leads: 'group' | 'session' | null;
}

/** How a child has ended: exactly one of the two is not null. */
export interface ChildExit {
  readonly code: number | null;
  /** A number: see signal(7). */
  readonly signal: number | null;
}

export interface ChildHandle {
  readonly pid: number;
  /** It has not been reaped. */
  readonly running: boolean;
  /** Until it has ended and was reaped. Any number may wait. Throws ECHILD when somebody else has reaped it. */
  pollExit(cx: Context, waiter: object): Poll<ChildExit>;
  forget(waiter: object): void;
  /** Sends a signal; to its whole group if it leads one. False when it has ended: then nothing is sent. Throws EPERM. */
  kill(signal: number): boolean;
  /** When it ends, the rest of the group that it leads is killed. */
  sweep(): void;
  /** It is not reaped before this is undone, so that its group can be signalled when it has ended itself. Does nothing for one that leads none. */
  hold(held: boolean): void;
}

/** A child that has just been started, and our ends of its pipes. */
export interface SpawnedChild {
  readonly child: ChildHandle;
  readonly stdin: PipeWriterHandle | null;
  readonly stdout: PipeReaderHandle | null;
  readonly stderr: PipeReaderHandle | null;
}

/** A listener for one signal. */
export interface SignalHandle {
  readonly name: string;
  /** Until the signal has come since the last time. */
  pollSignal(cx: Context): Poll<void>;
  forget(): void;
  /** The last one's close gives the signal back its own action. */
  close(): void;
  readonly closed: boolean;
}

/** Processes as a driver's world offers them. */
export interface ProcessDriver {
  /** Children that have not been reaped. */
  readonly children: number;
  /** Throws ENOENT, EACCES, ENOEXEC, E2BIG, EAGAIN and the system's others. It has its program when this returns. */
  spawn(request: SpawnRequest): SpawnedChild;
  listen(signal: string): SignalHandle;
  pipe(): [PipeReaderHandle, PipeWriterHandle];
  makeFifo(path: string, permissions: number): void;
  /** A FIFO's end; neither waits for the other. `both`: a reader that is a writer, too, and so never comes to its end. Throws ENXIO for a writer while nobody has it open to read, BAD_ARGUMENT for what is no FIFO. */
  openFifo(path: string, end: 'read' | 'both'): PipeReaderHandle;
  openFifo(path: string, end: 'write'): PipeWriterHandle;
  /** Throws EBADF when it is closed. */
  standardInput(): Standard<PipeReaderHandle>;
  standardOutput(fd: 1 | 2): Standard<PipeWriterHandle>;
  /** The size of the terminal that a standard stream is; null when it is none. */
  terminalSize(fd: 0 | 1 | 2): TerminalSize | null;
  /** Gives every key as it is typed, until what is returned is called, or the process ends. Throws ENOTTY. */
  rawTerminal(fd: 0): () => void;
  /** Throws EPERM for a regular file, which is always ready, and EBADF. It does not own the descriptor unless told so. */
  watch(fd: number, owned: boolean): DescriptorHandle;
}

/** The processes of the world that polls. Throws SIM_REAL_WORLD in a simulated one, else UNSUPPORTED_PLATFORM. */
export function processesOf(cx: Context, what: string): ProcessDriver {
  const driver = driverOf(cx);
  if (driver.processes !== undefined) return driver.processes;
  if (driver.kind === 'sim') throw new PawlError('SIM_REAL_WORLD', `${what}: a simulated machine has no processes`);
  throw new PawlError('UNSUPPORTED_PLATFORM', `${what}: this driver has no processes`);
}
