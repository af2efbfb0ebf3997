/**
 * Jumps: where `break`, `continue` and `return` go, and what they pass through on the way.
 *
 * What must hold: a jump out of a guarded stretch goes to its cleanup first, with a note of where to go on; the cleanup's end takes it
 * further, from outside the stretch.
 */
import type { Rope } from '../output/rope.ts';
import { LabelUse, type Label } from './code.ts';
import type { Layout, Temp } from './layout.ts';
import type { Registers } from './names.ts';

/** Something that can be left, or gone on with. */
export interface Target {
  readonly kind: 'loop' | 'switch' | 'block';
  readonly labels: readonly string[];
  readonly breakTo: Label | null;
  readonly continueTo: Label | null;
}

interface Exit {
  readonly target: Target;
  readonly how: 'break' | 'continue';
}

/** A cleanup: the rest of a `finally`, of a loop over an iterator, or of a block with resources. */
export interface Cleanup {
  readonly kind: 'cleanup';
  /** 0: the end was reached; 1: an error; 2: a return; from 3 on an exit. */
  readonly completion: Temp;
  /** The error, or the value to return. */
  readonly value: Temp;
  readonly threw: Label;
  readonly returned: Label;
  readonly common: Label;
  readonly exits: Exit[];
}

export const FELL = 0;
export const THREW = 1;
export const RETURNED = 2;
const FIRST_EXIT = 3;

export class Jumps {
  private readonly stack: (Target | Cleanup)[] = [];
  private readonly layout: Layout;
  private readonly registers: Registers;

  constructor(layout: Layout, registers: Registers) {
    this.layout = layout;
    this.registers = registers;
  }

  within(entry: Target | Cleanup, body: () => void): void {
    this.stack.push(entry);
    body();
    this.stack.pop();
  }

  /** A jump of the machine itself. */
  to(label: Label): Rope {
    const { at, run } = this.registers;
    return [`{ ${at} = `, new LabelUse(label), `; continue ${run}; }`];
  }

  /** A `break` or `continue` of the source. */
  exit(how: 'break' | 'continue', name: string | null): Rope {
    const target = this.stack.findLast((entry): entry is Target => {
      if (entry.kind === 'cleanup' || (how === 'break' ? entry.breakTo : entry.continueTo) === null) return false;
      if (name !== null) return entry.labels.includes(name);
      return entry.kind === 'loop' || (how === 'break' && entry.kind === 'switch');
    });
    if (target === undefined) throw new Error(`nothing to ${how} from`);
    return this.leave({ target, how });
  }

  private leave(exit: Exit): Rope {
    const { target, how } = exit;
    const cleanup = this.stack.slice(this.stack.indexOf(target) + 1).findLast((entry) => entry.kind === 'cleanup');
    if (cleanup === undefined) return this.to((how === 'break' ? target.breakTo : target.continueTo) as Label);
    let index = cleanup.exits.findIndex((known) => known.target === target && known.how === how);
    if (index < 0) index = cleanup.exits.push(exit) - 1;
    const { at, run } = this.registers;
    const completion = this.layout.slot(cleanup.completion.name);
    return [`{ ${completion} = ${FIRST_EXIT + index}; ${at} = `, new LabelUse(cleanup.common), `; continue ${run}; }`];
  }

  /** A `return` of the source. */
  return(value: Rope): Rope {
    const cleanup = this.stack.findLast((entry) => entry.kind === 'cleanup');
    if (cleanup === undefined) return ['return ', ...value, ';'];
    const { at, run, value: register } = this.registers;
    return [`{ ${register} = `, ...value, `; ${at} = `, new LabelUse(cleanup.returned), `; continue ${run}; }`];
  }

  /** An error, straight to where it is caught. */
  private raise(error: Rope, handler: Label): Rope {
    const { at, run, value } = this.registers;
    return [`{ ${value} = `, ...error, `; ${at} = `, new LabelUse(handler), `; continue ${run}; }`];
  }

  /** The end of a cleanup: on to where it was going. Called outside of it. */
  dispatch(cleanup: Cleanup, handler: Label | null): Rope[] {
    const completion = this.layout.slot(cleanup.completion.name);
    const value = this.layout.slot(cleanup.value.name);
    const lines: Rope[] = [
      handler === null
        ? [`if (${completion} === ${THREW}) throw ${value};`]
        : [`if (${completion} === ${THREW}) `, ...this.raise([value], handler)],
      [`if (${completion} === ${RETURNED}) `, ...this.return([value])],
    ];
    for (const [index, exit] of cleanup.exits.entries())
      lines.push([`if (${completion} === ${FIRST_EXIT + index}) `, ...this.leave(exit)]);
    return lines;
  }
}
