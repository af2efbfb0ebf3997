/**
 * What only an async generator has: `yield`, `yield*`, and a `return` that awaits.
 *
 * What must hold: a `yield` awaits its operand, gives it to whoever takes the stream's values, and waits until the next is asked for; its own
 * value is `undefined`, since a stream sends nothing back. A `yield*` closes what it is in the middle of when it is left.
 */
import type { YieldExpression } from 'oxc-parser';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import type { Node } from '../syntax/node.ts';
import { code, explode, type Value } from './expressions.ts';
import { unnamed } from './naming.ts';
import { closeIteration, guarded } from './try.ts';

export function explodeYield(unit: Unit, node: YieldExpression): Value {
  const { argument } = node;
  if (node.delegate) return explodeDelegation(unit, node, argument as Node);
  if (argument !== null)
    unit.code.await(unnamed(argument, explode(unit, argument).rope), node, 'after the operand of the yield');
  give(unit, [argument === null ? 'undefined' : unit.registers.value], node);
  return { rope: [{ text: unit.registers.value, at: node.start }], atomic: true, stable: false, register: true };
}

function give(unit: Unit, value: Rope, node: Node): void {
  unit.code.await([`${unit.registers.frame}.give(`, ...value, ')'], node, 'after the yield');
}

/** A loop that gives one value after the other; what the iteration comes to is its value. */
function explodeDelegation(unit: Unit, node: YieldExpression, argument: Node): Value {
  const { layout, registers } = unit;
  const iterator = layout.temp();
  const slot = layout.slot(iterator.name);
  const end = unit.label('after the yield*', node);
  unit.emit([`${slot} = ${unit.use('delegate')}(`, ...explode(unit, argument).rope, ');'], argument);
  guarded(unit, {
    node,
    about: 'closing of what is yielded',
    falls: false,
    body() {
      const next = unit.label('the next to yield', node);
      unit.code.mark(next);
      unit.code.await([`${slot}.ask()`], node, 'the next of yield*');
      unit.goIf([`!${slot}.took(${registers.value})`], end, node);
      give(unit, [`${slot}.value`], node);
      unit.go(next);
    },
    cleanup: (cleanup) => closeIteration(unit, slot, cleanup, node),
  });
  unit.code.mark(end);
  const value = unit.save([`${slot}.value`], node);
  layout.free(iterator);
  return code([value], true);
}

/** `return value`: awaited in the function, where its error can be caught. */
export function returned(unit: Unit, argument: Node): Rope {
  unit.code.await(unnamed(argument, explode(unit, argument).rope), argument, 'after the value of the return');
  return [unit.registers.value];
}
