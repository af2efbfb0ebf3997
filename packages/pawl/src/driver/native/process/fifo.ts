/**
 * FIFOs: pipes with a name.
 *
 * What must hold: an open never waits for the other end. What is no FIFO is refused before it is opened, and looked at again afterwards: its name
 * may have come to mean something else.
 */
import * as fs from 'node:fs';
import { PawlError } from '../../../error/index.ts';
import { systemError } from '../../../sys/errno.ts';
import { closePipe } from '../../../sys/pipe.ts';
import { takeOver } from './take-over.ts';

const { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;

/** `both` is Linux's (fifo(7)): POSIX leaves it open what that means. */
export type FifoEnd = 'read' | 'write' | 'both';
const MODES: Readonly<Record<FifoEnd, number>> = { read: O_RDONLY, write: O_WRONLY, both: O_RDWR };

/** Throws BAD_ARGUMENT, ENXIO for a writer without a reader, and the system's others. */
export function openFifoEnd(path: string, end: FifoEnd): number {
  try {
    check(fs.statSync(path), path);
    const flags = MODES[end] | O_NONBLOCK | O_NOCTTY;
    const fd = takeOver(fs.openSync(path, flags));
    try {
      check(fs.fstatSync(fd), path);
    } catch (error) {
      closePipe(fd);
      throw error;
    }
    return fd;
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    if (error instanceof PawlError || errno === undefined || syscall === undefined) throw error;
    throw systemError(errno, syscall, { path });
  }
}

function check(status: fs.Stats, path: string): void {
  if (!status.isFIFO()) throw new PawlError('BAD_ARGUMENT', `this is no FIFO: '${path}'`, { path });
}
