/**
 * Starting a child: its streams, and ours at their other ends.
 *
 * What must hold: what was opened for a child is closed here once it has it, or when it was not started. It is not started at all where there is
 * no descriptor left for its pidfd: a number is kept free for that one before.
 */
import * as fs from 'node:fs';
import { PawlError } from '../../../error/index.ts';
import { endChild, keepPidfd, spawnChild } from '../../../sys/child.ts';
import { systemError } from '../../../sys/errno.ts';
import { closePipe, duplicate, isNonBlocking, openPipe, setNonBlocking } from '../../../sys/pipe.ts';
import { takeOver } from './take-over.ts';
import type { ChildStream, PipeReaderHandle, PipeWriterHandle, SpawnedChild, SpawnRequest } from '../../process.ts';
import type { Reactor } from '../reactor.ts';
import { NativeChild } from './child.ts';
import { NativePipeReader, NativePipeWriter, ourReader, ourWriter } from './pipe.ts';
import { findProgram, notStarted } from './program.ts';

const { O_APPEND, O_CREAT, O_NOCTTY, O_RDONLY, O_TRUNC, O_WRONLY } = fs.constants;

export function spawnNative(reactor: Reactor, request: SpawnRequest): SpawnedChild {
  const path = findProgram(request);
  const streams = new Streams();
  try {
    const descriptors = request.streams.map((stream, target) => streams.open(stream, target));
    const kept = keepPidfd();
    let pid: number;
    try {
      pid = start(request, path, descriptors as [number, number, number]);
    } finally {
      closePipe(kept);
    }
    streams.started();
    let child: NativeChild;
    try {
      child = new NativeChild(reactor, pid, request.program, request.leads !== null);
    } catch (error) {
      endChild(pid);
      throw error;
    }
    try {
      return { child, ...streams.ours(reactor, `${request.program} (${pid})`) };
    } catch (error) {
      child.kill(9);
      throw error;
    }
  } finally {
    streams.close();
  }
}

function start(request: SpawnRequest, path: string, descriptors: readonly [number, number, number]): number {
  const { args, environment, cwd, leads } = request;
  try {
    return spawnChild({
      path,
      args,
      environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      cwd,
      descriptors,
      leads,
    });
  } catch (error) {
    throw notStarted(error, request, path);
  }
}

/** The descriptors that are open until the child has started. */
class Streams {
  /** Theirs. */
  readonly #theirs: number[] = [];
  /** Ours that become theirs. */
  readonly #given: (NativePipeReader | NativePipeWriter)[] = [];
  /** Ours, by the child's number for the other end; those that nobody has taken. */
  readonly #ours: (number | null)[] = [null, null, null];

  /** The descriptor that becomes the child's `target`. */
  open(stream: ChildStream, target: number): number {
    switch (stream.kind) {
      case 'inherit':
        // EBADF where it is closed, and what we open next could get its number.
        isNonBlocking(target);
        return target;
      case 'descriptor':
        // One of the three may be overwritten by another before its turn comes.
        return stream.fd > 2 || stream.fd === target ? stream.fd : this.#keep(duplicate(stream.fd));
      case 'end':
        return this.#give(stream.end);
      case 'null':
        return this.#keep(takeOver(fs.openSync('/dev/null', target === 0 ? O_RDONLY : O_WRONLY)));
      case 'file':
        return this.#keep(takeOver(openFile(stream.path, target === 0, stream.append)));
      case 'pipe': {
        const [reader, writer] = openPipe();
        this.#ours[target] = target === 0 ? writer : reader;
        return this.#keep(target === 0 ? reader : writer);
      }
      default:
        return stream satisfies never;
    }
  }

  /** A program expects that its streams wait. */
  #give(end: PipeReaderHandle | PipeWriterHandle): number {
    if (!(end instanceof NativePipeReader) && !(end instanceof NativePipeWriter))
      throw new PawlError('WRONG_RUNTIME', 'the end of a pipe was given to a child of another driver');
    if (end.closed) throw new PawlError('CLOSED', `the ${end.what} has been closed: it cannot be given to a child`);
    setNonBlocking(end.fd, false);
    this.#given.push(end);
    return end.fd;
  }

  /** The child has started: what was given to it is not ours any more. */
  started(): void {
    for (const end of this.#given) end.close();
    this.#given.length = 0;
  }

  #keep(fd: number): number {
    this.#theirs.push(fd);
    return fd;
  }

  /** Our ends as streams. */
  ours(reactor: Reactor, whose: string): Omit<SpawnedChild, 'child'> {
    const made: (NativePipeReader | NativePipeWriter)[] = [];
    const take = <H extends NativePipeReader | NativePipeWriter>(
      target: number,
      name: string,
      make: (reactor: Reactor, fd: number, what: string) => H,
    ): H | null => {
      const fd = this.#ours[target];
      if (fd === null || fd === undefined) return null;
      const handle = make(reactor, fd, `${name} of ${whose}`);
      this.#ours[target] = null;
      made.push(handle);
      return handle;
    };
    try {
      return {
        stdin: take(0, 'stdin', ourWriter),
        stdout: take(1, 'stdout', ourReader),
        stderr: take(2, 'stderr', ourReader),
      };
    } catch (error) {
      for (const handle of made) handle.close();
      throw error;
    }
  }

  close(): void {
    // It has not started: they are ours as before.
    for (const end of this.#given) setNonBlocking(end.fd);
    for (const fd of this.#theirs) closePipe(fd);
    for (const fd of this.#ours) if (fd !== null) closePipe(fd);
  }
}

/** Through Node, whose permission model is thereby asked. */
function openFile(path: string, read: boolean, append: boolean): number {
  try {
    if (fs.statSync(path, { throwIfNoEntry: false })?.isFIFO() === true) {
      throw new PawlError('BAD_ARGUMENT', `a FIFO would be waited for while it is opened: '${path}'`, { path });
    }
    const write = O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC);
    return fs.openSync(path, (read ? O_RDONLY : write) | O_NOCTTY, 0o666);
  } catch (error) {
    const { errno, syscall } = error as NodeJS.ErrnoException;
    if (error instanceof PawlError || errno === undefined || syscall === undefined) throw error;
    throw systemError(errno, syscall, { path });
  }
}
