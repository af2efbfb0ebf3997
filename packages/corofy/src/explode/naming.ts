/** A function expression that takes the name of the variable it is assigned to, although that variable is called differently now. */
import type { Late, Piece, Rope } from '../output/rope.ts';

export class NamedValue implements Late {
  private readonly target: Piece;
  private readonly name: string;
  readonly value: Rope;

  constructor(target: Piece, name: string, value: Rope) {
    this.target = target;
    this.name = name;
    this.value = value;
  }

  resolve(): Rope {
    if (textOf(this.target) === this.name) return this.value;
    const key = JSON.stringify(this.name);
    return [`({ [${key}]: `, ...this.value, ` })[${key}]`];
  }
}

/** The key of a shorthand property whose value is called differently now. */
export class ShorthandKey implements Late {
  private readonly target: Piece;
  private readonly name: string;

  constructor(target: Piece, name: string) {
    this.target = target;
    this.name = name;
  }

  resolve(): Rope {
    return textOf(this.target) === this.name ? [] : [`${this.name}: `];
  }
}

function textOf(piece: Piece): string {
  if (typeof piece === 'string') return piece;
  if (Array.isArray(piece)) return (piece as Rope).map((part) => textOf(part)).join('');
  if ('text' in piece) return (piece as { text: string }).text;
  return 'resolve' in piece
    ? piece
        .resolve()
        .map((part) => textOf(part))
        .join('')
    : '';
}
