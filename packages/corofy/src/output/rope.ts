/**
 * Ropes: the output, made of pieces of the source and of generated text.
 *
 * What must hold: a piece of the source comes out byte for byte. What a name is called in the output is asked when it is printed, after
 * the layout of every function has been decided.
 */

/** A piece of the source. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** Text that is known only at the end. */
export interface Late {
  resolve(): Rope;
  /** The iteration's own variables that a closure in this piece captures. */
  readonly captures?: object;
}

/** Generated text that stands for a place of the source, or for none: a debugger that steps goes on from there. */
export interface Placed {
  readonly text: string;
  readonly at: number | null;
}

export type Piece = string | Slice | Late | Placed | readonly Piece[];
export type Rope = readonly Piece[];

export function isSlice(piece: Exclude<Piece, string | readonly Piece[]>): piece is Slice {
  return 'from' in piece;
}

/** Calls `visit` for each late piece. */
export function eachLate(rope: Rope, visit: (late: Late) => void): void {
  for (const piece of rope) {
    if (typeof piece === 'string') continue;
    if (Array.isArray(piece)) eachLate(piece as Rope, visit);
    else if ('resolve' in piece) visit(piece);
  }
}
