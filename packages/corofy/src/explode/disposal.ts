/** `using` and `await using`: the rest of their block is guarded, and its cleanup disposes of what they have declared. */
import type { Directive, Statement, VariableDeclaration } from 'oxc-parser';
import { RETURNED, THREW, type Cleanup } from '../machine/jumps.ts';
import type { Unit } from '../machine/unit.ts';
import { explode } from './expressions.ts';
import { assign } from './patterns.ts';
import { guarded } from './try.ts';

export function isUsing(node: Directive | Statement): node is VariableDeclaration {
  return node.type === 'VariableDeclaration' && (node.kind === 'using' || node.kind === 'await using');
}

/** A body with resources; it is given how their stack is written. */
export function withUsing(
  unit: Unit,
  node: VariableDeclaration,
  asynchronous: boolean,
  body: (stack: string) => void,
): void {
  const { layout } = unit;
  const stack = layout.temp();
  const slot = layout.slot(stack.name);
  unit.emit([`${slot} = new ${unit.use('Disposer')}();`], node);
  guarded(unit, {
    node,
    about: 'disposal',
    body: () => body(slot),
    cleanup(entry) {
      const how = layout.slot(entry.completion.name);
      unit.emit([`if (${how} === ${THREW}) ${slot}.fail(${layout.slot(entry.value.name)});`], node);
      if (asynchronous) disposeAll(unit, node, slot, entry);
      else unit.emit([`${slot}.step();`], node);
      unit.emit([`${slot}.end();`], node);
    },
  });
  layout.free(stack);
}

/** One after the other, each awaited; a return that comes meanwhile goes on when all are gone. */
function disposeAll(unit: Unit, node: VariableDeclaration, stack: string, { completion, value }: Cleanup): void {
  const { code, layout, registers } = unit;
  const next = unit.label('disposal of the next', node);
  const failed = unit.label('a disposal has failed', node);
  const left = unit.label('a return on its way through the disposal', node);
  const end = unit.label('after the disposal', node);
  code.within({ handler: failed, returned: left, parent: code.region }, () => {
    code.mark(next);
    unit.goIf([`!${stack}.step()`], end, node);
    code.await([`${stack}.awaited`], node, 'disposed of');
    unit.go(next);
  });
  code.mark(failed);
  unit.emit([`${stack}.fail(${registers.value});`], node);
  unit.go(next);
  code.mark(left);
  unit.emit([`${layout.slot(completion.name)} = ${RETURNED};`], node);
  unit.emit([`${layout.slot(value.name)} = ${registers.value};`], node);
  unit.go(next);
  code.mark(end);
}

/** Declares the resources of one `using`. */
export function declareUsing(unit: Unit, node: VariableDeclaration, stack: string): void {
  const method = node.kind === 'using' ? 'use' : 'useAsync';
  for (const { id, init } of node.declarations) {
    if (init === null) continue;
    unit.scratch(() => assign(unit, id, [`${stack}.${method}(`, ...explode(unit, init).rope, ')'], id));
  }
}
