/**
 * Split: the two directions of a stream as two objects, for two tasks that each own one.
 *
 * What must hold: the stream is closed when both halves are, and not before. A half that was closed is used no more.
 */
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';
import { checkBytes, type Duplex, type Lease, type Reader, type Writer } from './stream.ts';
import { WriteAll } from './transfer.ts';

/** What the halves of a stream share. */
interface Shared<S extends Duplex> {
  readonly stream: S;
  open: number;
}

abstract class Half<S extends Duplex> implements Disposable {
  /** @internal */
  readonly shared: Shared<S>;
  private isClosed = false;

  /** @internal */
  constructor(shared: Shared<S>) {
    this.shared = shared;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** The stream, to use it. */
  protected get stream(): S {
    if (this.isClosed) throw new PawlError('CLOSED', 'this half of the stream has been closed');
    return this.shared.stream;
  }

  /** Closes the stream if the other half is closed already. Harmless when closed. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (--this.shared.open === 0) this.shared.stream.close();
  }

  /** @internal Gives it up without closing. */
  retire(): void {
    this.isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The reading half. Its operations are those of the stream, and throw CLOSED at once after `close`. */
export class ReadHalf<S extends Duplex = Duplex> extends Half<S> implements Reader {
  /** As the stream's `read`: cancelling it is *safe*. */
  read(target: Uint8Array): Future<number> {
    return this.stream.read(target);
  }

  /** As the stream's, or with memory that is held while it waits, where the stream has no such read. Cancelling it is *safe*. */
  readLeased(lease: Lease): Future<number> {
    const { stream } = this;
    return stream.readLeased === undefined ? stream.read(lease.take()) : stream.readLeased(lease);
  }
}

/** The writing half. The peer comes to its end by `shutdown`; closing only this half does not tell it. */
export class WriteHalf<S extends Duplex = Duplex> extends Half<S> implements Writer {
  /** As the stream's `write`: cancelling it is *safe*. */
  write(source: Uint8Array): Future<number> {
    return this.stream.write(source);
  }

  /** As `writeAll` of a writer: cancelling it *loses data*, and its `written` says how much has gone. */
  writeAll(source: Uint8Array): WriteAll {
    checkBytes(source);
    return new WriteAll(this.stream, source);
  }

  /** As the stream's `shutdown`; so is what cancelling it costs. */
  shutdown(): Future<void> {
    return this.stream.shutdown();
  }
}

/**
 * The two halves of a stream. The stream itself need not be kept: it is closed when both halves are.
 *
 * @example
 * ```ts
 * import { run, spawn } from 'pawl';
 * import { BufferedReader, duplex, split } from 'pawl/io';
 * await run(function* () {
 *   const [here, there] = duplex();
 *   const [reader, writer] = split(here);
 *   const sending = spawn(writer.writeAll(new TextEncoder().encode('hi\n')));
 *   console.log(yield* new BufferedReader(there).readLine()); // hi
 *   yield* sending;
 *   reader.close();
 *   writer.close();
 *   console.log(here.closed); // true
 * });
 * ```
 */
export function split<S extends Duplex>(stream: S): [ReadHalf<S>, WriteHalf<S>] {
  const shared = { stream, open: 2 };
  return [new ReadHalf(shared), new WriteHalf(shared)];
}

/**
 * The stream of two halves, which are used no more. Throws BAD_ARGUMENT unless they are open and of the same {@link split}.
 *
 * @example
 * ```ts
 * import { duplex, reunite, split } from 'pawl/io';
 * const [here] = duplex();
 * const [reader, writer] = split(here);
 * console.log(reunite(reader, writer) === here); // true
 * ```
 */
export function reunite<S extends Duplex>(reader: ReadHalf<S>, writer: WriteHalf<S>): S {
  if (reader.shared !== writer.shared || reader.closed || writer.closed) {
    throw new PawlError('BAD_ARGUMENT', 'only the two open halves of one stream can be reunited');
  }
  reader.retire();
  writer.retire();
  return reader.shared.stream;
}
