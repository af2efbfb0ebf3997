/** Streams that come in the pieces a test wants. */
import { coroutine } from '../../src/future/coroutine.ts';
import type { Future } from '../../src/future/future.ts';
import { yieldNow } from '../../src/future/ready.ts';
import type { Reader, Writer } from '../../src/io/stream.ts';

/** A reader that gives each piece by a read of its own (or several, into a small target), and suspends before each. */
export class Pieces implements Reader {
  private readonly pieces: Uint8Array[];
  reads = 0;

  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces.filter(({ length }) => length > 0);
  }

  read(target: Uint8Array): Future<number> {
    return this.take(target);
  }

  private readonly take = coroutine(function* (this: Pieces, target: Uint8Array) {
    yield* yieldNow();
    this.reads++;
    const [piece] = this.pieces;
    if (piece === undefined) return 0;
    const count = Math.min(piece.length, target.length);
    target.set(piece.subarray(0, count));
    if (count === piece.length) this.pieces.shift();
    else this.pieces[0] = piece.subarray(count);
    return count;
  });
}

/** A writer that takes at most so many bytes each time, in turn, suspends before each, and keeps them. */
export class Sink implements Writer {
  readonly taken: number[] = [];
  flushes = 0;
  ended = false;
  private readonly sizes: readonly number[];
  private turn = 0;

  constructor(sizes: readonly number[] = [Infinity]) {
    this.sizes = sizes;
  }

  write(source: Uint8Array): Future<number> {
    return this.take(source);
  }

  private readonly take = coroutine(function* (this: Sink, source: Uint8Array) {
    yield* yieldNow();
    const count = Math.min(source.length, this.sizes[this.turn++ % this.sizes.length] as number);
    this.taken.push(...source.subarray(0, count));
    return count;
  });

  readonly flush = coroutine(function* (this: Sink) {
    yield* yieldNow();
    this.flushes++;
  });

  readonly shutdown = coroutine(function* (this: Sink) {
    yield* yieldNow();
    this.ended = true;
  });
}

/** Cuts bytes at the given places (any numbers; they are taken modulo the length). */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}
