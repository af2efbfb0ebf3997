/**
 * One end of a pipe over the reactor; and of a FIFO, a terminal or a socket that is a standard stream.
 *
 * What must hold: as for a connection (`../stream.ts`): a call is tried only while it may succeed, and EAGAIN clears the readiness. A pipe that has
 * been read short is empty; a terminal, which gives a line at a time, is not. What has been closed at the other end is always tried.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { EAGAIN, EINTR, errnoNumber, systemError } from '../../../sys/errno.ts';
import * as sys from '../../../sys/pipe.ts';
import { READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../../sys/queue/readiness.ts';
import type { PipeReaderHandle, PipeWriterHandle } from '../../process.ts';
import type { Reactor } from '../reactor.ts';
import { Source } from '../source.ts';

/** What lies behind a descriptor, where its calls differ. */
export type StreamKind = 'pipe' | 'terminal' | 'socket';

const EIO = errnoNumber('EIO')!;

abstract class PipeEnd extends Source {
  readonly what: string;
  protected readonly kind: StreamKind;
  readonly #restore: (() => void) | null;

  /** `restore` undoes, at the close, what was changed to use the descriptor. */
  constructor(
    reactor: Reactor,
    fd: number,
    state: number,
    what: string,
    kind: StreamKind,
    restore: (() => void) | null,
  ) {
    super(reactor, fd, state);
    this.what = what;
    this.kind = kind;
    this.#restore = restore;
  }

  protected openFd(): number {
    if (this.fd < 0) throw new PawlError('CLOSED', `the ${this.what} has been closed`);
    return this.fd;
  }

  protected override closeDescriptor(fd: number): void {
    this.#restore?.();
    sys.closePipe(fd);
  }
}

export class NativePipeReader extends PipeEnd implements PipeReaderHandle {
  constructor(
    reactor: Reactor,
    fd: number,
    what: string,
    kind: StreamKind = 'pipe',
    restore: (() => void) | null = null,
  ) {
    // What is there already, the first edge says. A FIFO that nobody has opened to write would be at its end.
    super(reactor, fd, 0, what, kind, restore);
    reactor.register(this, false);
  }

  pollRead(cx: Context, target: Uint8Array): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    const { length } = target;
    if (length === 0) return 0;
    if ((this.state & (READABLE | READ_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.readGeneration;
        const count = this.kind === 'socket' ? sys.receivePiece(fd, target) : sys.readPiece(fd, target);
        if (count >= 0) {
          if (count > 0 && count < length && count < sys.PIECE && this.kind === 'pipe') this.clearReadable(generation);
          return count;
        }
        if (count === -EAGAIN) {
          this.clearReadable(generation);
          break;
        }
        // A terminal whose other end is gone: whoever reads it has come to its end.
        if (count === -EIO && this.kind === 'terminal' && (this.state & READ_CLOSED) !== 0) return 0;
        if (count !== -EINTR) throw systemError(count, 'read');
      }
    }
    this.storeReader(cx.waker);
    return PENDING;
  }

  forget(_direction: 'read'): void {
    this.takeReader();
  }
}

export class NativePipeWriter extends PipeEnd implements PipeWriterHandle {
  readonly #one: Uint8Array[] = [];

  constructor(
    reactor: Reactor,
    fd: number,
    what: string,
    kind: StreamKind = 'pipe',
    restore: (() => void) | null = null,
  ) {
    super(reactor, fd, WRITABLE, what, kind, restore);
    reactor.register(this, true);
  }

  pollWrite(cx: Context, source: Uint8Array): Poll<number> {
    const one = this.#one;
    one[0] = source;
    try {
      return this.pollWriteVectored(cx, one);
    } finally {
      one.length = 0;
    }
  }

  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number> {
    this.checkDriver(cx);
    const fd = this.openFd();
    if (sources.every(({ length }) => length === 0)) return 0;
    if ((this.state & (WRITABLE | WRITE_CLOSED)) !== 0) {
      for (;;) {
        const generation = this.writeGeneration;
        const count = this.kind === 'socket' ? sys.sendPieces(fd, sources) : sys.writePieces(fd, sources);
        // Short or not, the next one finds out: a pipe takes up to 4096 bytes whole, so that there may be room for less.
        if (count >= 0) return count;
        if (count === -EAGAIN) {
          this.clearWritable(generation);
          break;
        }
        if (count !== -EINTR) throw systemError(count, 'write');
      }
    }
    this.storeWriter(cx.waker);
    return PENDING;
  }

  forget(_direction: 'write'): void {
    this.takeWriter();
  }

  shutdown(_how: 'write'): void {
    this.openFd();
    this.close();
  }
}

/** Makes a handle of a descriptor, which is closed if that fails. */
export function ofDescriptor<H>(fd: number, make: () => H): H {
  try {
    return make();
  } catch (error) {
    sys.closePipe(fd);
    throw error;
  }
}

/** A pipe, both of whose ends are ours. */
export function nativePipe(reactor: Reactor): [NativePipeReader, NativePipeWriter] {
  const [readFd, writeFd] = sys.openPipe();
  const reader = ofDescriptor(readFd, () => {
    try {
      return ourReader(reactor, readFd, 'pipe');
    } catch (error) {
      sys.closePipe(writeFd);
      throw error;
    }
  });
  try {
    return [reader, ofDescriptor(writeFd, () => ourWriter(reactor, writeFd, 'pipe'))];
  } catch (error) {
    reader.close();
    throw error;
  }
}

/** Throws, and leaves the descriptor to the caller. */
export function ourReader(reactor: Reactor, fd: number, what: string): NativePipeReader {
  sys.setNonBlocking(fd);
  return new NativePipeReader(reactor, fd, what);
}

export function ourWriter(reactor: Reactor, fd: number, what: string): NativePipeWriter {
  sys.setNonBlocking(fd);
  return new NativePipeWriter(reactor, fd, what);
}
