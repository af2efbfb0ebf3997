/**
 * Loops that contain an await.
 *
 * What must hold: `let` and `const` of a loop are new in each iteration, where a closure can tell. An iterator is closed when the loop is
 * left before its end; what `continue` jumps to lies inside the stretch that is guarded for that.
 */
import type { DoWhileStatement, ForInStatement, ForOfStatement, ForStatement, WhileStatement } from 'oxc-parser';
import type { Label } from '../machine/code.ts';
import { THREW, type Cleanup, type Target } from '../machine/jumps.ts';
import type { Unit } from '../machine/unit.ts';
import type { Node } from '../syntax/node.ts';
import type { Scope } from '../syntax/scope.ts';
import { declareUsing, withUsing } from './disposal.ts';
import { branchUnless, evaluate, explode } from './expressions.ts';
import { assign } from './patterns.ts';
import { declare, enterScope, statement } from './statements.ts';
import { closeIteration, guarded } from './try.ts';

type Loop = WhileStatement | DoWhileStatement | ForStatement | ForInStatement | ForOfStatement;

export function explodeLoop(unit: Unit, node: Loop, labels: readonly string[]): void {
  switch (node.type) {
    case 'WhileStatement':
      explodeWhile(unit, node, labels);
      return;
    case 'DoWhileStatement':
      explodeDoWhile(unit, node, labels);
      return;
    case 'ForStatement':
      explodeFor(unit, node, labels);
      return;
    default:
      explodeForOf(unit, node, labels);
  }
}

interface LoopTarget extends Target {
  readonly breakTo: Label;
  readonly continueTo: Label;
}

function targetOf(unit: Unit, node: Loop, labels: readonly string[]): LoopTarget {
  return {
    kind: 'loop',
    labels,
    breakTo: unit.label('after the loop', node),
    continueTo: unit.label('next iteration', node),
  };
}

function explodeWhile(unit: Unit, node: WhileStatement, labels: readonly string[]): void {
  const target = targetOf(unit, node, labels);
  const top = target.continueTo;
  unit.code.mark(top);
  unit.scratch(() => branchUnless(unit, node.test, target.breakTo));
  unit.jumps.within(target, () => statement(unit, node.body));
  unit.go(top);
  unit.code.mark(target.breakTo);
}

function explodeDoWhile(unit: Unit, node: DoWhileStatement, labels: readonly string[]): void {
  const target = targetOf(unit, node, labels);
  const top = unit.label('do', node);
  unit.code.mark(top);
  unit.jumps.within(target, () => statement(unit, node.body));
  unit.code.mark(target.continueTo);
  unit.scratch(() => branchUnless(unit, node.test, target.breakTo));
  unit.go(top);
  unit.code.mark(target.breakTo);
}

function explodeFor(unit: Unit, node: ForStatement, labels: readonly string[]): void {
  const { init } = node;
  const scope = unit.analysis.scopes.get(node) as Scope;
  enterScope(unit, scope, []);
  const run = (): void => {
    const target = targetOf(unit, node, labels);
    const top = unit.label('for', node);
    renew(unit, scope);
    unit.code.mark(top);
    const { test, update } = node;
    if (test !== null) unit.scratch(() => branchUnless(unit, test, target.breakTo));
    unit.jumps.within(target, () => statement(unit, node.body));
    unit.code.mark(target.continueTo);
    renew(unit, scope);
    if (update !== null) unit.scratch(() => evaluate(unit, update));
    unit.go(top);
    unit.code.mark(target.breakTo);
  };
  if (init === null) run();
  else if (init.type !== 'VariableDeclaration') {
    unit.scratch(() => evaluate(unit, init));
    run();
  } else if (init.kind === 'using' || init.kind === 'await using') {
    withUsing(unit, init, init.kind === 'await using', (stack) => {
      declareUsing(unit, init, stack);
      run();
    });
  } else {
    unit.scratch(() => declare(unit, init));
    run();
  }
}

/** Each iteration has variables of its own, which begin as the last one's have ended. */
function renew(unit: Unit, scope: Scope): void {
  const iteration = unit.layout.iterations.get(scope);
  if (iteration === undefined) return;
  const slot = unit.layout.slot(iteration.name);
  unit.emit([`${slot} = { ...${slot} };`]);
}

function explodeForOf(unit: Unit, node: ForOfStatement | ForInStatement, labels: readonly string[]): void {
  const { code, layout, registers } = unit;
  const { left, body } = node;
  const scope = unit.analysis.scopes.get(node) as Scope;
  const asynchronous = node.type === 'ForOfStatement' && node.await;
  const target = targetOf(unit, node, labels);
  const top = target.continueTo;
  const maker = node.type === 'ForInStatement' ? 'keysOf' : asynchronous ? 'iterateAsync' : 'iterate';
  const iterator = layout.temp();
  const slot = layout.slot(iterator.name);
  if ([...scope.bindings.values()].some((binding) => binding.risky)) enterScope(unit, scope, []);
  unit.scratch(() => unit.emit([`${slot} = ${unit.use(maker)}(`, ...explode(unit, node.right).rope, ');'], node.right));
  const turn = (): void => {
    code.mark(top);
    if (asynchronous) {
      code.await([`${slot}.ask()`], node, 'the next of for await');
      unit.goIf([`!${slot}.took(${registers.value})`], target.breakTo, node);
    } else unit.goIf([`!${slot}.step()`], target.breakTo, node);
    const value = [`${slot}.value`];
    enterScope(unit, scope, []);
    if (left.type !== 'VariableDeclaration') {
      unit.scratch(() => assign(unit, left, value, left));
      statement(unit, body);
    } else if (left.kind === 'using' || left.kind === 'await using') {
      const id = left.declarations[0]?.id as Node;
      withUsing(unit, left, left.kind === 'await using', (stack) => {
        const method = left.kind === 'using' ? 'use' : 'useAsync';
        unit.scratch(() => assign(unit, id, [`${stack}.${method}(`, ...value, ')'], id));
        statement(unit, body);
      });
    } else {
      const id = left.declarations[0]?.id as Node;
      unit.scratch(() => assign(unit, id, value, id));
      statement(unit, body);
    }
    unit.go(top);
  };
  if (node.type === 'ForInStatement') unit.jumps.within(target, turn);
  else {
    // `break` leaves the guarded stretch, `continue` does not.
    const cleanup = (entry: Cleanup): void => {
      if (asynchronous) closeIteration(unit, slot, entry, node);
      else {
        const how = layout.slot(entry.completion.name);
        unit.emit([`if (${how} === ${THREW}) ${slot}.closeQuietly(); else ${slot}.close();`], node);
      }
    };
    const body = (): void => unit.jumps.within({ ...target, breakTo: null }, turn);
    unit.jumps.within({ ...target, continueTo: null }, () =>
      guarded(unit, { node, about: 'closing of the iterator', falls: false, body, cleanup }),
    );
  }
  code.mark(target.breakTo);
  layout.free(iterator);
}
