/**
 * Calls, tagged templates and optional chains.
 *
 * What must hold: the function and its `this` are looked up before the arguments are evaluated, and called after.
 */
import type { CallExpression, ChainExpression, NewExpression, TaggedTemplateExpression } from 'oxc-parser';
import type { Label } from '../machine/code.ts';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { bare, type Node } from '../syntax/node.ts';
import { code, explode, held, member, operand, type Value } from './expressions.ts';
import { operands, rebuild, type Operand } from './operands.ts';

export function explodeCall(unit: Unit, node: CallExpression): Value {
  if (node.callee.type === 'Super') {
    const at = node.arguments.find((one) => unit.has(one)) ?? node;
    unit.file.diagnostics.error(
      at,
      'AWAIT_IN_SUPER_CALL',
      'an await cannot stand in the arguments of super(…): evaluate them before, `const value = await …`',
    );
    return code(['undefined'], true);
  }
  const callee = bare(node.callee);
  if (!node.arguments.some((one) => unit.has(one)) && callee.type !== 'ChainExpression') {
    // Only what is called contains an await.
    if (callee.type === 'MemberExpression') {
      const list: Operand[] = [{ node: callee.object }];
      if (callee.computed) list.push({ node: callee.property });
      return code(rebuild(unit, node, list), true);
    }
    return code(unit.copy(node, new Map([[node.callee as Node, operand(explode(unit, callee))]])), true);
  }
  return called(unit, node, calleeOf(unit, node.callee, node.end));
}

/** A function that has been looked up, with its `this`. */
interface Callee {
  readonly fn: Rope;
  readonly self: Rope | null;
}

/** `until`: where the source's call has been evaluated by. */
function calleeOf(unit: Unit, node: Node, until: number): Callee {
  const callee = bare(node);
  if (callee.type === 'MemberExpression') {
    if (callee.object.type === 'Super') return { fn: [unit.save(member(unit, callee).read, callee)], self: ['this'] };
    const self = held(unit, callee.object, until);
    let access: Rope;
    if (callee.computed) access = ['[', ...explode(unit, callee.property).rope, ']'];
    else access = ['.', { from: callee.property.start, to: callee.property.end }];
    return { fn: [unit.save([...self, ...access], callee)], self };
  }
  if (callee.type === 'ChainExpression' && callee.expression.type === 'MemberExpression')
    return chainedCallee(unit, callee.expression);
  const value = explode(unit, callee);
  if (value.stable && callee.type === 'Identifier') return { fn: value.rope, self: null };
  return { fn: [unit.save(value.rope, callee)], self: null };
}

/** `(a?.b)(…)`: the chain ends before the call, and gives it its `this`. */
function chainedCallee(unit: Unit, member: Extract<Node, { type: 'MemberExpression' }>): Callee {
  const end = unit.label('after ?.', member);
  const short = unit.label('?. cut short', member);
  const fn = unit.slot(unit.temp());
  const self = unit.save(link(unit, member.object, short).rope, member.object);
  if (member.optional) stop(unit, [self], short, member);
  const access: Rope = member.computed
    ? ['[', ...explode(unit, member.property).rope, ']']
    : ['.', { from: member.property.start, to: member.property.end }];
  unit.emit([`${fn} = ${self}`, ...access, ';'], member);
  unit.go(end);
  unit.code.mark(short);
  unit.emit([`${fn} = undefined;`], member);
  unit.code.mark(end);
  return { fn: [fn], self: [self] };
}

/** The call of what has been looked up: its arguments, then itself. */
function called(unit: Unit, node: CallExpression, { fn, self }: Callee): Value {
  const args = argumentsOf(unit, node);
  const at = node.arguments.length === 0 ? node.start : node.callee.start;
  if (self !== null)
    // Not `fn.call(…)`: what is called may be a proxy, or have a `call` of its own.
    return code(
      [{ text: `${unit.use('invoke')}(`, at }, ...fn, ', ', ...self, ...(args.length > 0 ? [', '] : []), ...args, ')'],
      true,
    );
  // A field that is called would be given the coroutine as its `this`.
  const plain: Rope = [{ text: '', at }, ...fn];
  const head: Rope = unit.layout.backEnd === 'fields' ? ['(0, ', ...plain, ')'] : plain;
  return code([...head, '(', ...args, ')'], true);
}

function argumentsOf(unit: Unit, node: CallExpression | NewExpression): Rope {
  const [first] = node.arguments;
  const last = node.arguments.at(-1);
  if (first === undefined || last === undefined) return [];
  const replaced = operands(unit, argumentOperands(node));
  return unit.copier.range(first.start, last.end, node.arguments, replaced);
}

function argumentOperands(node: CallExpression | NewExpression): Operand[] {
  return node.arguments.map((one) =>
    one.type === 'SpreadElement' ? { node: one.argument, save: (rope) => ['[...', ...rope, ']'] } : { node: one },
  );
}

export function explodeNew(unit: Unit, node: NewExpression): Value {
  const constructor = explode(unit, node.callee);
  if (!node.arguments.some((one) => unit.has(one)))
    return code(unit.copy(node, new Map([[node.callee as Node, ['(', ...constructor.rope, ')']]])), true);
  const callee: Rope = constructor.stable ? constructor.rope : [unit.save(constructor.rope, node.callee)];
  return code([{ text: 'new ', at: node.start }, ...callee, '(', ...argumentsOf(unit, node), ')'], true);
}

export function explodeTag(unit: Unit, node: TaggedTemplateExpression): Value {
  const { fn, self } = calleeOf(unit, node.tag, node.end);
  let tag = fn;
  if (self !== null) tag = [unit.save([`${unit.use('tagOf')}(`, ...fn, ', ', ...self, ')'], node.tag)];
  if (unit.layout.backEnd === 'fields') tag = ['(0, ', ...tag, ')'];
  const replaced = operands(
    unit,
    node.quasi.expressions.map((one) => ({ node: one })),
  );
  return code([...tag, ...unit.copy(node.quasi, replaced)], true);
}

/** `a?.b.c(await d)`: once it is cut short, its value is undefined. `deletes`: what it comes to is deleted. */
export function explodeChain(unit: Unit, node: ChainExpression, deletes = false): Value {
  const end = unit.label('after ?.', node);
  const result = unit.slot(unit.temp());
  const short = unit.label('?. cut short', node);
  const value = link(unit, node.expression, short);
  unit.emit([`${result} = ${deletes ? 'delete ' : ''}`, ...value.rope, ';'], node);
  unit.go(end);
  unit.code.mark(short);
  unit.emit([`${result} = ${deletes ? 'true' : 'undefined'};`], node);
  unit.code.mark(end);
  return code([result], true);
}

function link(unit: Unit, node: Node, short: Label): Value {
  const inner = node.type === 'TSNonNullExpression' ? node.expression : node;
  if (inner.type === 'MemberExpression') {
    const base =
      inner.object.type === 'Super' ? 'super' : unit.save(link(unit, inner.object, short).rope, inner.object);
    if (inner.optional) stop(unit, [base], short, inner);
    if (!inner.computed) return code([`${base}.`, { from: inner.property.start, to: inner.property.end }], true);
    return code([`${base}[`, ...explode(unit, inner.property).rope, ']'], true);
  }
  if (inner.type === 'CallExpression') {
    const callee = inner.callee.type === 'TSNonNullExpression' ? inner.callee.expression : inner.callee;
    let found: Callee;
    if (callee.type === 'ParenthesizedExpression') {
      // A chain in parentheses is one of its own.
      found = calleeOf(unit, callee, inner.end);
    } else if (callee.type === 'MemberExpression') {
      const self =
        callee.object.type === 'Super' ? 'super' : unit.save(link(unit, callee.object, short).rope, callee.object);
      if (callee.optional) stop(unit, [self], short, callee);
      const access: Rope = callee.computed
        ? ['[', ...explode(unit, callee.property).rope, ']']
        : ['.', { from: callee.property.start, to: callee.property.end }];
      found = { fn: [unit.save([self, ...access], callee)], self: [self === 'super' ? 'this' : self] };
    } else found = { fn: [unit.save(link(unit, callee, short).rope, callee)], self: null };
    if (inner.optional) stop(unit, found.fn, short, inner);
    return called(unit, inner, found);
  }
  return explode(unit, inner);
}

function stop(unit: Unit, value: Rope, short: Label, node: Node): void {
  unit.goIf([...value, ' === null || ', ...value, ' === undefined'], short, node);
}
