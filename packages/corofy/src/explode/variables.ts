/**
 * Uses of lifted variables, as they are read and written.
 *
 * What must hold: a variable that may not be there yet, and one that is a constant, is found out when the value of an assignment is known.
 */
import { VariableUse } from '../machine/layout.ts';
import type { Unit } from '../machine/unit.ts';
import type { Piece, Rope } from '../output/rope.ts';
import type { Node } from '../syntax/node.ts';
import { isConstant, type Use } from '../syntax/scope.ts';

export class Variables {
  protected readonly unit: Unit;

  constructor(unit: Unit) {
    this.unit = unit;
  }

  /** The use of a lifted variable that a node is. */
  lifted(node: Node): Use | null {
    const use = this.unit.analysis.uses.get(node) ?? null;
    return use !== null && this.unit.file.layoutOf(use.binding) !== null ? use : null;
  }

  protected layoutOf(use: Use) {
    return this.unit.file.layoutOf(use.binding) as NonNullable<ReturnType<Unit['file']['layoutOf']>>;
  }

  /** A lifted variable as it is read. */
  read(use: Use): Piece {
    const variable = new VariableUse(this.layoutOf(use), use);
    if (!use.binding.risky || use.access === 'declare') return variable;
    return [`${this.unit.use('live')}(`, variable, `, ${JSON.stringify(use.binding.name)})`];
  }

  /** A lifted variable as it is written to. */
  target(use: Use): Piece {
    return new VariableUse(this.layoutOf(use), use);
  }

  /** The value on its way to a variable that may not be there yet. */
  protected checkedValue(use: Use, value: Rope): Rope {
    if (!use.binding.risky) return value;
    const name = JSON.stringify(use.binding.name);
    return [`${this.unit.use('assigned')}(`, ...value, ', ', this.target(use), `, ${name})`];
  }

  /** An assignment to a lifted variable, which may be a constant, or not be there yet: that is found out when the value is known. */
  write(use: Use, value: Rope): Rope {
    const checked = this.checkedValue(use, value);
    return isConstant(use) ? [`${this.unit.use('constant')}(`, ...checked, ')'] : [this.target(use), ' = ', ...checked];
  }

  /** A target in a pattern that first looks whether its variable is there. */
  protected checkedTarget(use: Use): Piece {
    const { value } = this.unit.registers;
    return [`({ set value(${value}) { `, ...this.write(use, [value]), '; } }).value'];
  }
}
