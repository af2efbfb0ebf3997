/**
 * Marked generators: `coroutine(function* (…) { … yield* future … })`, which are compiled when that is asked for.
 *
 * What must hold: in the tree a marked generator becomes what it means, an async function whose awaits are its `yield*`, before anybody asks
 * what its names and awaits are. Its text stays. Generators inside it that are not marked stay generators.
 */
import type { Program } from 'oxc-parser';
import type { Diagnostics } from '../diagnostics.ts';
import type { MarkerNames } from './marker.ts';
import { bare, children, isFunction, walk, type MarkedFunction, type Node } from './node.ts';

/** What was a generator in the source, and what was a `yield*`. */
const adopted = new WeakSet<Node>();

/** True for a function that was a generator, and for an await that was a `yield*`. */
export function wasGenerator(node: Node): boolean {
  return adopted.has(node);
}

/** Makes async functions of the generators that `coroutine` is called with. */
export function adoptGenerators(program: Program, marker: MarkerNames): void {
  walk(program, (node) => {
    if (node.type !== 'CallExpression' || marker.nameIn(node.callee) === null) return;
    const [first] = node.arguments;
    const fn = first === undefined ? null : bare(first);
    if (fn?.type === 'FunctionExpression' && fn.generator && !fn.async) adopt(fn);
  });
}

function adopt(fn: MarkedFunction): void {
  Object.assign(fn, { async: true, generator: false });
  adopted.add(fn);
  eachYield(fn, (node) => {
    if (!node.delegate) return;
    Object.assign(node, { type: 'AwaitExpression' });
    adopted.add(node);
  });
}

/** A `yield` that awaits nothing has no meaning in a coroutine. */
export function refusePlainYields(fn: MarkedFunction, diagnostics: Diagnostics): void {
  if (!adopted.has(fn)) return;
  eachYield(fn, (node) => {
    if (!node.delegate)
      diagnostics.error(
        node,
        'PLAIN_YIELD',
        'a coroutine yields nothing by itself: write `yield* future` to await a future',
      );
  });
}

/** Where the text of a function that was a generator goes on after `function*`. */
export function afterStar(source: string, fn: MarkedFunction): number {
  const head = /function(?:\s|\/\*[^]*?\*\/|\/\/.*)*\*/y;
  head.lastIndex = fn.start;
  head.test(source);
  return head.lastIndex;
}

/** The yields of a function itself, and not of those inside it. */
function eachYield(fn: MarkedFunction, visit: (node: Extract<Node, { type: 'YieldExpression' }>) => void): void {
  const each = (node: Node): void => {
    for (const child of children(node)) if (!isFunction(child)) each(child);
    if (node.type === 'YieldExpression') visit(node);
  };
  each(fn);
}
