/** Compiling one marked function: its analysis, its machine, and the text that stands in its place. */
import type { CallExpression } from 'oxc-parser';
import { explodeFunction } from '../explode/statements.ts';
import type { Rope } from '../output/rope.ts';
import { refusePlainYields } from '../syntax/generator.ts';
import { markOf } from '../syntax/marker.ts';
import { isFunction, walk, type MarkedFunction, type Node } from '../syntax/node.ts';
import { Analysis, type Scope } from '../syntax/scope.ts';
import { emitUnit } from './emit.ts';
import type { FileContext } from './file.ts';
import type { BackEnd } from './layout.ts';
import { Unit } from './unit.ts';

/** What stands in the place of a call, or null when the call marks nothing. `outer`: the marked function that it is in. */
export function compileCall(file: FileContext, call: CallExpression, outer: Unit | null, nested = false): Rope | null {
  const name = file.marker.nameIn(call.callee);
  if (name === null) return null;
  const mark = markOf(call);
  if (mark === null) return null;
  if (outer !== null && isShadowed(call.callee, outer.analysis)) return null;
  const { fn } = mark;
  const analysis = outer?.analysis ?? new Analysis(fn);
  const [, more] = call.arguments;
  if (more !== undefined)
    file.diagnostics.error(more, 'MORE_ARGUMENTS', 'coroutine takes one function: what else it is given would be lost');
  refuse(file, fn);
  refuseOwnFactory(file, fn, analysis);
  refusePlainYields(fn, file.diagnostics);
  const backEnd = choose(file, fn, analysis, outer !== null || nested);
  const unit = new Unit(file, fn, analysis, backEnd, outer);
  file.add(unit.layout);
  explodeFunction(unit);
  return emitUnit(unit, call);
}

/** True when the marker's name means something else here. */
function isShadowed(callee: Node, analysis: Analysis): boolean {
  let shadowed = false;
  walk(callee, (node) => {
    if (analysis.uses.has(node)) shadowed = true;
  });
  return shadowed;
}

function choose(file: FileContext, fn: MarkedFunction, analysis: Analysis, nested: boolean): BackEnd {
  if (file.options.backEnd === 'closure' || nested) return 'closure';
  // Whoever turns JSX into calls later may be told of any name for the factory: a closure's variables keep theirs.
  if (file.options.backEnd !== 'fields' && markupIn(fn) !== null) return 'closure';
  const surroundings = analysis.surroundings.get(fn);
  const usesOwn = surroundings?.this === true || surroundings?.arguments === true;
  const named = fn.type === 'FunctionExpression' && fn.id !== null && usesName(analysis.scopes.get(fn)?.parent ?? null);
  const params = fn.params.some((param) => containsFunction(param));
  return usesOwn || named || params ? 'closure' : 'fields';
}

function usesName(self: Scope | null): boolean {
  return self !== null && [...self.bindings.values()].some(({ uses }) => uses.length > 0);
}

function containsFunction(node: Node): boolean {
  let found = false;
  walk(node, (inner) => {
    if (isFunction(inner) || inner.type === 'ClassExpression') found = true;
  });
  return found;
}

function markupIn(fn: MarkedFunction): Node | null {
  let found: Node | null = null;
  walk(fn, (node) => {
    if (node.type === 'JSXElement' || node.type === 'JSXFragment') found ??= node;
  });
  return found;
}

/** The calls that JSX becomes name the factory, and the name of a function's own variable may be another one by then. */
function refuseOwnFactory(file: FileContext, fn: MarkedFunction, analysis: Analysis): void {
  const markup = markupIn(fn);
  if (markup === null) return;
  const factories = new Set([
    'React',
    ...Array.from(file.source.matchAll(/@jsx(?:Frag)?\s+([\w$]+)/g), (match) => match[1]),
  ]);
  for (const [, scope] of analysis.scopes)
    for (const { name } of scope.bindings.values())
      if (factories.has(name))
        file.diagnostics.error(
          markup,
          'JSX_FACTORY',
          `JSX becomes calls of ${name}, which is a variable of this coroutine: declare it outside, or import it`,
        );
}

/** What no function can be compiled with. */
function refuse(file: FileContext, fn: MarkedFunction): void {
  walk(fn, (node) => {
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'eval') {
      file.diagnostics.error(
        node,
        'DIRECT_EVAL',
        'a direct eval sees the variables of a function, which a compiled one does not have: write globalThis.eval(…) or (0, eval)(…)',
      );
    }
    if (node.type === 'WithStatement')
      file.diagnostics.error(node, 'WITH', 'with cannot be compiled: name the object that you mean');
  });
  for (const param of fn.params)
    walk(param, (node) => {
      if (isFunction(node)) return false;
      if (node.type === 'AwaitExpression')
        file.diagnostics.error(
          node,
          'AWAIT_IN_PARAMETERS',
          'an await cannot stand in a parameter list: give the parameter no default and await in the body',
        );
      return true;
    });
}
