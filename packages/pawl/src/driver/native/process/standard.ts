/**
 * The standard streams of the process: a terminal, a pipe, a socket or a file.
 *
 * What must hold: the mode of the descriptors 0, 1 and 2 stays what it is. Others share their descriptions, the shell and `process.stdout` among
 * them, and O_NONBLOCK would be theirs, too. So a terminal and a pipe are opened anew, a socket is asked not to wait in each call, and a file's
 * calls are made on a thread of the pool. Only where the system does not let us open them anew is the mode changed, and put back at the close (or
 * by Node, when the process ends). Closing a handle leaves 0, 1 and 2 open.
 */
import * as fs from 'node:fs';
import { isatty } from 'node:tty';
import { systemError } from '../../../sys/errno.ts';
import { duplicate, isNonBlocking, setNonBlocking } from '../../../sys/pipe.ts';
import { takeOver } from './take-over.ts';
import { rawMode, setTerminalMode, terminalMode } from '../../../sys/terminal.ts';
import type { PipeReaderHandle, PipeWriterHandle, Standard } from '../../process.ts';
import { NativeFile } from '../files/file.ts';
import type { NativeFiles } from '../files/files.ts';
import type { Reactor } from '../reactor.ts';
import { NativePipeReader, NativePipeWriter, ofDescriptor, type StreamKind } from './pipe.ts';

const { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;

const NAMES = ['stdin', 'stdout', 'stderr'] as const;

function kindOf(fd: number): StreamKind | 'file' {
  if (isatty(fd)) return 'terminal';
  let status: fs.Stats;
  try {
    status = fs.fstatSync(fd);
  } catch (error) {
    throw systemError((error as { readonly errno: number }).errno, 'fstat', { path: NAMES[fd]! });
  }
  if (status.isFIFO()) return 'pipe';
  return status.isSocket() ? 'socket' : 'file';
}

/** A descriptor whose calls do not wait, and what undoes it. */
function nonBlocking(fd: number, kind: StreamKind): { readonly fd: number; readonly restore: (() => void) | null } {
  if (kind === 'socket') return { fd: duplicate(fd), restore: null };
  try {
    const flags = (fd === 0 ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY;
    return { fd: takeOver(fs.openSync(`/proc/self/fd/${fd}`, flags)), restore: null };
  } catch {
    // Another user's terminal, a pipe without a reader, no /proc, or Node's permission model.
    const own = duplicate(fd);
    if (isNonBlocking(own)) return { fd: own, restore: null };
    setNonBlocking(own);
    return { fd: own, restore: () => setNonBlocking(own, false) };
  }
}

export function standardInput(reactor: Reactor, files: NativeFiles): Standard<PipeReaderHandle> {
  const kind = kindOf(0);
  if (kind === 'file') return { kind, handle: new NativeFile(files, duplicate(0), NAMES[0]) };
  const { fd, restore } = nonBlocking(0, kind);
  return { kind, handle: ofDescriptor(fd, () => new NativePipeReader(reactor, fd, NAMES[0], kind, restore)) };
}

export function standardOutput(reactor: Reactor, files: NativeFiles, which: 1 | 2): Standard<PipeWriterHandle> {
  const kind = kindOf(which);
  const name = NAMES[which];
  if (kind === 'file') return { kind, handle: new NativeFile(files, duplicate(which), name) };
  const { fd, restore } = nonBlocking(which, kind);
  return { kind, handle: ofDescriptor(fd, () => new NativePipeWriter(reactor, fd, name, kind, restore)) };
}

/** Node puts the terminal back, too, when SIGINT or SIGTERM ends the process. */
export function rawTerminal(fd: number): () => void {
  const before = terminalMode(fd);
  setTerminalMode(fd, rawMode(before));
  let raw = true;
  const restore = (): void => {
    if (!raw) return;
    raw = false;
    process.off('exit', restore);
    setTerminalMode(fd, before);
  };
  process.on('exit', restore);
  return restore;
}
