/**
 * Pipes: bytes in one direction, within a program or between programs.
 *
 * What must hold: one operation at a time uses an end. A reader comes to its end when the last writer has been closed, in whatever process.
 */
import type { PipeReaderHandle, PipeWriterHandle } from '../driver/process.ts';
import type { Future } from '../future/future.ts';
import { map } from '../future/map.ts';
import { checkBytes, type Lease, type Reader, type Writer } from '../io/stream.ts';
import { LeasedRead, Read } from '../net/read.ts';
import { Shutdown, Write, WriteAll, WriteVectored } from '../net/write.ts';
import { Make } from './make.ts';

/** The end of a pipe, or of a FIFO, from which bytes come. Close it, or declare it with `using`. */
export class PipeReader implements Reader, Disposable {
  /** @internal */
  readonly handle: PipeReaderHandle;
  /** @internal */
  readonly peerName: string;
  /** @internal */
  readonly resource = 'pipe';
  /** @internal */
  reading = false;

  /** @internal */
  constructor(handle: PipeReaderHandle, name: string) {
    this.handle = handle;
    this.peerName = name;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits for bytes and copies them into `target`: how many, at least 1; 0 when every writer has been closed, or for an empty target.
   *
   * Cancelling it is *safe*: bytes that have come stay for the next read. Errors: BUSY while another task reads; CLOSED.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new Read(this, target);
  }

  /** As {@link read}, with memory that is not held while it waits. Cancelling it is *safe*. */
  readLeased(lease: Lease): Future<number> {
    return new LeasedRead(this, lease);
  }

  /** A read that another task waits in fails with CLOSED; a write at the other end with EPIPE. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The end of a pipe, or of a FIFO, into which bytes go. Close it, or declare it with `using`: the reader comes to its end then. */
export class PipeWriter implements Writer, Disposable {
  /** @internal */
  readonly handle: PipeWriterHandle;
  /** @internal */
  readonly peerName: string;
  /** @internal */
  readonly resource = 'pipe';
  /** @internal */
  writing = false;

  /** @internal */
  constructor(handle: PipeWriterHandle, name: string) {
    this.handle = handle;
    this.peerName = name;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits until the pipe takes bytes of `source`: how many. Up to 4096 bytes (the system's PIPE_BUF) go in together or not at all, and nobody
   * else's come between them, so that several writers can share a pipe, line by line.
   *
   * Cancelling it is *safe*: nothing has been written then. Errors: BUSY while another task writes; CLOSED; EPIPE when nobody can read any
   * more (the process gets no SIGPIPE).
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new Write(this, source);
  }

  /**
   * Writes all of `source`, waiting for the reader where it is slower. Cancelling it *loses data*: a part may have been written, and its `written`
   * says how much; of up to 4096 bytes all or nothing. Errors: as {@link write}.
   */
  writeAll(source: Uint8Array): WriteAll {
    checkBytes(source);
    return new WriteAll(this, source);
  }

  /** As {@link write}, with the bytes of several buffers in one system call. Cancelling it is *safe*. */
  writeVectored(sources: readonly Uint8Array[]): Future<number> {
    for (const source of sources) checkBytes(source);
    return new WriteVectored(this, sources);
  }

  /** Ends the stream, which for a pipe is its close. Cancelling it is *safe*. Errors: BUSY while another task writes; CLOSED. */
  shutdown(): Future<void> {
    return new Shutdown(this);
  }

  /** The reader comes to its end after what has been written. A write that another task waits in fails with CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A new pipe: what is written to the one end comes out of the other. It holds 64 KiB, as a rule.
 *
 * Cancelling it is *safe*. Errors: EMFILE, ENFILE; UNSUPPORTED_PLATFORM, and SIM_REAL_WORLD in a simulated world, as for everything here.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { BufferedReader } from 'pawl/io';
 * import { pipe } from 'pawl/process';
 * await run(function* () {
 *   const [reader, writer] = yield* pipe();
 *   using _reader = reader;
 *   yield* writer.writeAll(new TextEncoder().encode('through the kernel\n'));
 *   writer.close();
 *   console.log(yield* new BufferedReader(reader).readLine()); // through the kernel
 * });
 * ```
 */
export function pipe(): Future<[PipeReader, PipeWriter]> {
  return map(new Make('a pipe', (processes) => processes.pipe()), ([reader, writer]) => [
    new PipeReader(reader, 'a pipe'),
    new PipeWriter(writer, 'a pipe'),
  ]);
}
