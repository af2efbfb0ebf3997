/** Names of functions: a function expression takes the name of the variable it is assigned to, whatever that is called in the output. */
import type { Late, Piece, Rope } from '../output/rope.ts';
import { isAnonymous, type Node } from '../syntax/node.ts';

/** A value that the machine assigns to something of its own: a function that has no name gets none from that. */
export function unnamed(node: Node | null, value: Rope): Rope {
  return isAnonymous(node) ? ['(0, ', ...value, ')'] : value;
}

export class NamedValue implements Late {
  readonly target: Piece;
  private readonly name: string;
  readonly value: Rope;

  constructor(target: Piece, name: string, value: Rope) {
    this.target = target;
    this.name = name;
    this.value = value;
  }

  resolve(): Rope {
    if (textOf(this.target) === this.name) return this.value;
    if (this.name === '__proto__') return [`({ ['__proto__']: `, ...this.value, ` })['__proto__']`];
    // A computed key would name a class that has a static member of the name `name`.
    return [`({ ${this.name}: `, ...this.value, ` }).${this.name}`];
  }
}

/** The key of a shorthand property whose value is called differently now. */
export class ShorthandKey implements Late {
  readonly target: Piece;
  private readonly name: string;

  constructor(target: Piece, name: string) {
    this.target = target;
    this.name = name;
  }

  resolve(): Rope {
    return textOf(this.target) === this.name ? [] : [shorthandKey(this.name)];
  }
}

/** A shorthand property's key. `__proto__: value` would set the prototype. */
export function shorthandKey(name: string): string {
  return name === '__proto__' ? `['__proto__']: ` : `${name}: `;
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
