/**
 * try, catch and finally, and everything else that cleans up.
 *
 * What must hold: the region in force is set at the beginning of each state. A cleanup has three entrances (an error, a return, and
 * everything else) and one end, from which the jump that was under way goes on.
 */
import type { TryStatement } from 'oxc-parser';
import { FELL, RETURNED, THREW, type Cleanup } from '../machine/jumps.ts';
import type { Unit } from '../machine/unit.ts';
import type { Node } from '../syntax/node.ts';
import type { Scope } from '../syntax/scope.ts';
import { assign } from './patterns.ts';
import { block, enterScope } from './statements.ts';

export function explodeTry(unit: Unit, node: TryStatement): void {
  const { handler, finalizer } = node;
  if (finalizer === null) {
    explodeCatch(unit, node);
    return;
  }
  guarded(unit, {
    node: finalizer,
    about: 'finally',
    body: () => (handler === null ? inBlock(unit, node.block) : explodeCatch(unit, node)),
    cleanup: () => inBlock(unit, finalizer),
  });
}

function inBlock(unit: Unit, node: Extract<Node, { type: 'BlockStatement' }>): void {
  if (unit.has(node)) block(unit, node.body, unit.analysis.scopes.get(node) ?? null);
  else unit.emit(unit.copy(node), node);
}

function explodeCatch(unit: Unit, node: TryStatement): void {
  const { handler } = node;
  if (handler === null) return;
  const caught = unit.label('catch', handler);
  const end = unit.label('after the catch', node);
  unit.code.within({ handler: caught, returned: null, parent: unit.code.region }, () => {
    unit.code.mark(unit.label('try', node));
    inBlock(unit, node.block);
  });
  unit.go(end);
  unit.code.mark(caught);
  const { param } = handler;
  enterScope(unit, unit.analysis.scopes.get(handler) as Scope, []);
  if (param !== null) unit.scratch(() => assign(unit, param, [unit.registers.value], param));
  inBlock(unit, handler.body);
  unit.code.mark(end);
}

export interface Guarded {
  readonly node: Node;
  /** What the cleanup is, for comments. */
  readonly about: string;
  /** What is guarded. */
  readonly body: () => void;
  /** Runs after it, however it was left, outside of its guard. */
  readonly cleanup: (cleanup: Cleanup) => void;
  /** False when the end of the body never is the way into the cleanup. */
  readonly falls?: boolean;
}

/** Code with a cleanup. */
export function guarded(unit: Unit, { node, about, body, cleanup, falls = true }: Guarded): void {
  const { code, layout } = unit;
  const entry: Cleanup = {
    kind: 'cleanup',
    completion: layout.temp(),
    value: layout.temp(),
    threw: unit.label(`an error on its way through the ${about}`, node),
    returned: unit.label(`a return on its way through the ${about}`, node),
    common: unit.label(about, node),
    exits: [],
  };
  const completion = unit.slot(entry.completion);
  const value = unit.slot(entry.value);
  const region = { handler: entry.threw, returned: entry.returned, parent: code.region };
  unit.jumps.within(entry, () =>
    code.within(region, () => {
      code.mark(unit.label('try', node));
      body();
    }),
  );
  if (falls) {
    unit.emit([`${completion} = ${FELL};`]);
    unit.go(entry.common);
  }
  code.mark(entry.threw);
  unit.emit([`${completion} = ${THREW};`]);
  unit.emit([`${value} = ${unit.registers.value};`]);
  unit.go(entry.common);
  code.mark(entry.returned);
  unit.emit([`${completion} = ${RETURNED};`]);
  unit.emit([`${value} = ${unit.registers.value};`]);
  code.mark(entry.common);
  cleanup(entry);
  // The cleanup has ended: to go on from it is no step of the source.
  for (const line of unit.jumps.dispatch(entry, code.region?.handler ?? null)) unit.emit(line);
  layout.free(entry.value);
  layout.free(entry.completion);
}

/** Closes what is iterated asynchronously, because the loop is left. */
export function closeIteration(unit: Unit, slot: string, { completion, value }: Cleanup, node: Node): void {
  const threw = `${unit.slot(completion)} === ${THREW}`;
  unit.code.await([`${threw} ? ${slot}.closingAfter(${unit.slot(value)}) : ${slot}.closing()`], node, 'closed');
}
