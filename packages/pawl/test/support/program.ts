/**
 * Random programs: a tree of statements, printed as the source of a native async function and of a generator coroutine, so that
 * both can be run and their traces compared.
 */
import * as fc from 'fast-check';

/** How a nested function is called. A helper is a plain generator; a tail is returned and flattened. */
export type CallKind = 'coroutine' | 'helper' | 'map' | 'tail';

export type Statement =
  | { readonly kind: 'log'; readonly id: number }
  | { readonly kind: 'wait'; readonly id: number; readonly ticks: number; readonly fails: boolean }
  | { readonly kind: 'call'; readonly how: CallKind; readonly body: Block }
  | { readonly kind: 'try'; readonly body: Block; readonly handler: Block | null; readonly final: Block | null }
  | { readonly kind: 'throw'; readonly id: number }
  | { readonly kind: 'return'; readonly id: number }
  | { readonly kind: 'loop'; readonly times: number; readonly body: Block };

export type Block = readonly Statement[];

const id = fc.integer({ min: 0, max: 99 });

const tree = fc.letrec<{ block: Block; statement: Statement }>((tie) => ({
  block: fc.array(tie('statement'), { minLength: 1, maxLength: 4, depthIdentifier: 'program' }),
  statement: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'program' },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('log' as const), id }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        id,
        ticks: fc.integer({ min: 0, max: 3 }),
        fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('call' as const),
        how: fc.constantFrom<CallKind>('coroutine', 'coroutine', 'coroutine', 'helper', 'helper', 'map', 'tail'),
        body: tie('block'),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('try' as const),
        body: tie('block'),
        handler: fc.option(tie('block')),
        final: fc.option(tie('block')),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('throw' as const), id }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), id }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('loop' as const),
        times: fc.integer({ min: 1, max: 3 }),
        body: tie('block'),
      }),
    },
  ),
}));

/** Random programs. */
export const program: fc.Arbitrary<Block> = tree.block;

/** The program as the expression of a function: `async () => {…}` or `coroutine(function* () {…})`. */
export function print(block: Block, flavour: 'async' | 'generator'): string {
  return fn(block, flavour, false);
}

function fn(block: Block, flavour: 'async' | 'generator', helper: boolean): string {
  const text = statements(block, flavour, helper);
  if (flavour === 'async') return `async () => {${text}}`;
  return helper ? `function* () {${text}}` : `coroutine(function* () {${text}})`;
}

function statements(block: Block, flavour: 'async' | 'generator', helper: boolean): string {
  return block.map((item) => statement(item, flavour, helper)).join(' ');
}

function statement(item: Statement, flavour: 'async' | 'generator', helper: boolean): string {
  const wait = flavour === 'async' ? 'await ' : 'yield* ';
  const inner = (block: Block): string => statements(block, flavour, helper);
  switch (item.kind) {
    case 'log':
      return `t.push(${item.id});`;
    case 'wait':
      return `t.push('v' + (${wait}leaf(${item.id}, ${item.ticks}, ${item.fails})));`;
    case 'throw':
      return `throw new Error('e${item.id}');`;
    case 'return':
      return `return ${item.id};`;
    case 'loop':
      return `for (let i = 0; i < ${item.times}; i++) {${inner(item.body)}}`;
    case 'try': {
      const handler =
        item.handler === null && item.final !== null
          ? ''
          : `catch (e) {t.push('c' + e.message); ${inner(item.handler ?? [])}}`;
      return `try {${inner(item.body)}} ${handler}${item.final === null ? '' : ` finally {${inner(item.final)}}`}`;
    }
    case 'call': {
      const made = `(${fn(item.body, flavour, item.how === 'helper')})`;
      if (item.how === 'map') return `t.push('r' + (${wait}mapped(${made}())));`;
      if (item.how !== 'tail') return `t.push('r' + (${wait}${made}()));`;
      // A plain generator does not flatten what it returns; a native async function starts what it calls at once, not after `finally`.
      if (helper) return `return ${wait}${made}();`;
      return flavour === 'async' ? `return later(${made});` : `return ${made}();`;
    }
    default:
      return item satisfies never;
  }
}
