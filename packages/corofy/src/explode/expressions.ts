/**
 * Expressions that contain an await.
 *
 * What must hold: operands are evaluated from left to right, and what was evaluated before an await is kept as it was then. The value of an
 * await is in the value register until the next one, so it is used, or saved, before anything else happens.
 */
import type { AssignmentExpression, ConditionalExpression, LogicalExpression } from 'oxc-parser';
import type { Label } from '../machine/code.ts';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { wasGenerator } from '../syntax/generator.ts';
import { bare, isAnonymous, nameGivenBy, type Node } from '../syntax/node.ts';
import { explodeCall, explodeChain, explodeNew, explodeTag } from './calls.ts';
import { NamedValue, unnamed } from './naming.ts';
import { rebuild, rebuildJsx, rebuildObject, rebuildTemplate, type Operand } from './operands.ts';
import { assign } from './patterns.ts';
import { explodeYield } from './yields.ts';

/** An expression's text, which has not been evaluated yet. */
export interface Value {
  readonly rope: Rope;
  /** It can be an operand without parentheses. */
  readonly atomic: boolean;
  /** Evaluating it later gives the same, and nobody notices. */
  readonly stable: boolean;
  /** It is the value of the await before. */
  readonly register: boolean;
}

export function code(rope: Rope, atomic = false): Value {
  return { rope, atomic, stable: false, register: false };
}

/** The value as an operand. */
export function operand({ rope, atomic }: Value): Rope {
  return atomic ? rope : ['(', ...rope, ')'];
}

/** Takes an expression apart as far as its last await, and gives what is left of it. */
export function explode(unit: Unit, node: Node, replaced?: ReadonlyMap<Node, Rope>): Value {
  // A sequence may stand where an argument would end at its comma.
  if (!unit.has(node) && node.type === 'SequenceExpression')
    return code(['(', ...unit.copy(node, replaced), ')'], true);
  if (!unit.has(node))
    return { rope: unit.copy(node, replaced), atomic: isAtomic(node), stable: isStable(unit, node), register: false };
  switch (node.type) {
    case 'AwaitExpression':
      return explodeAwait(unit, node, node.argument);
    case 'YieldExpression':
      return explodeYield(unit, node);
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
      return explode(unit, node.expression);
    case 'BinaryExpression':
      return code(rebuild(unit, node, [{ node: node.left }, { node: node.right }]));
    case 'UnaryExpression': {
      const argument = bare(node.argument);
      if (node.operator === 'delete' && argument.type === 'ChainExpression') return explodeChain(unit, argument, true);
      return code(reference(unit, node, node.argument));
    }
    case 'UpdateExpression':
      return code(reference(unit, node, node.argument));
    case 'MemberExpression':
      return code(reference(unit, node, node), true);
    case 'ArrayExpression': {
      const operands: Operand[] = [];
      for (const element of node.elements) {
        if (element === null) continue;
        operands.push(element.type === 'SpreadElement' ? spread(element.argument) : { node: element });
      }
      return code(rebuild(unit, node, operands), true);
    }
    case 'ObjectExpression':
      return code(['(', ...rebuildObject(unit, node), ')'], true);
    case 'TemplateLiteral':
      return code(rebuildTemplate(unit, node), true);
    case 'TaggedTemplateExpression':
      return explodeTag(unit, node);
    case 'CallExpression':
      return explodeCall(unit, node);
    case 'NewExpression':
      return explodeNew(unit, node);
    case 'ChainExpression':
      return explodeChain(unit, node);
    case 'ImportExpression':
      return code(
        rebuild(unit, node, [{ node: node.source }, ...(node.options === null ? [] : [{ node: node.options }])]),
        true,
      );
    case 'SequenceExpression': {
      const last = node.expressions.length - 1;
      for (const one of node.expressions.slice(0, last)) unit.scratch(() => evaluate(unit, one));
      return lastOf(unit, node.expressions[last] as Node);
    }
    case 'ConditionalExpression':
      return explodeConditional(unit, node);
    case 'LogicalExpression':
      return explodeLogical(unit, node);
    case 'AssignmentExpression':
      return explodeAssignment(unit, node);
    case 'ClassExpression':
    case 'ClassDeclaration':
      return explodeClass(unit, node, replaced);
    case 'JSXElement':
    case 'JSXFragment':
      return code(rebuildJsx(unit, node), true);
    default:
      unit.file.diagnostics.error(
        node,
        'UNSUPPORTED',
        `an await or a yield cannot stand in a ${node.type}: move it to a line before`,
      );
      return code(['undefined'], true);
  }
}

/** The last of a sequence, which takes no name from what the sequence is assigned to. */
function lastOf(unit: Unit, node: Node): Value {
  const value = explode(unit, node);
  return isAnonymous(node) ? code(unnamed(node, value.rope), true) : value;
}

function spread(node: Node): Operand {
  return { node, save: (rope) => ['[...', ...rope, ']'] };
}

function explodeAwait(unit: Unit, node: Node, argument: Node): Value {
  const { rope } = explode(unit, argument);
  if (wasGenerator(node)) unit.code.await([`${unit.use('delegation')}(`, ...rope, ')'], node, 'after the yield*');
  else unit.code.await(unnamed(argument, rope), node, 'after the await');
  return { rope: [{ text: unit.registers.value, at: node.start }], atomic: true, stable: false, register: true };
}

/** An expression as a statement. */
export function evaluate(unit: Unit, node: Node): void {
  const value = explode(unit, node);
  if (value.register || (value.rope.length === 1 && typeof value.rope[0] === 'string')) return;
  const plain = !/^(?:\{|function\b|class\b|async\b|let\b)/.test(beginning(unit, value.rope));
  unit.emit(plain ? [...value.rope, ';'] : ['(', ...value.rope, ');'], node);
}

/** The first of a rope's text that is known already. */
function beginning(unit: Unit, rope: Rope): string {
  for (const piece of rope) {
    if (typeof piece === 'string') {
      if (piece !== '') return piece;
    } else if (Array.isArray(piece)) {
      const inner = beginning(unit, piece as Rope);
      if (inner !== '') return inner;
    } else if ('from' in piece) return unit.file.source.slice(piece.from, piece.to);
    else if ('text' in piece && piece.text !== '') return piece.text;
    else if ('resolve' in piece) return '';
  }
  return '';
}

/** Jumps when the condition does not hold. */
export function branchUnless(unit: Unit, test: Node, label: Label): void {
  const value = explode(unit, test);
  unit.goIf(['!', ...operand(value)], label, test);
}

/** Rebuilds an expression around a reference whose parts contain an await: `(await a)[await b]`. */
export function reference(unit: Unit, whole: Node, target: Node): Rope {
  const inner = bare(target);
  if (inner.type !== 'MemberExpression') {
    // `typeof await x` and the like.
    const edits = new Map<Node, Rope>([[target, operand(explode(unit, target))]]);
    return spaced(unit, whole, target, edits);
  }
  if (inner.object.type === 'Super') return rebuild(unit, whole, inner.computed ? [{ node: inner.property }] : []);
  return rebuild(unit, whole, [{ node: inner.object }, ...(inner.computed ? [{ node: inner.property }] : [])]);
}

function spaced(unit: Unit, whole: Node, target: Node, edits: Map<Node, Rope>): Rope {
  return unit.copier.range(whole.start, whole.end, [target], edits);
}

function explodeConditional(unit: Unit, node: ConditionalExpression): Value {
  const otherwise = unit.label('else of ?:', node.alternate);
  const end = unit.label('after ?:', node);
  const result = unit.slot(unit.temp());
  unit.scratch(() => branchUnless(unit, node.test, otherwise));
  unit.scratch(() =>
    unit.emit([`${result} = `, ...unnamed(node.consequent, explode(unit, node.consequent).rope), ';'], node.consequent),
  );
  unit.go(end);
  unit.code.mark(otherwise);
  unit.scratch(() =>
    unit.emit([`${result} = `, ...unnamed(node.alternate, explode(unit, node.alternate).rope), ';'], node.alternate),
  );
  unit.code.mark(end);
  return code([result], true);
}

/** The condition under which `operator` does not look at its right side. */
function settled(operator: string, slot: string): string {
  if (operator === '&&') return `!${slot}`;
  return operator === '||' ? slot : `${slot} !== null && ${slot} !== undefined`;
}

function explodeLogical(unit: Unit, node: LogicalExpression): Value {
  const end = unit.label(`after ${node.operator}`, node);
  const result = unit.slot(unit.temp());
  unit.scratch(() => unit.emit([`${result} = `, ...unnamed(node.left, explode(unit, node.left).rope), ';'], node.left));
  unit.goIf([settled(node.operator, result)], end, node);
  unit.scratch(() =>
    unit.emit([`${result} = `, ...unnamed(node.right, explode(unit, node.right).rope), ';'], node.right),
  );
  unit.code.mark(end);
  return code([result], true);
}

function explodeAssignment(unit: Unit, node: AssignmentExpression): Value {
  const { operator, right } = node;
  const left = bare(node.left);
  if (left.type === 'ObjectPattern' || left.type === 'ArrayPattern') {
    const value = unit.save(explode(unit, right).rope, right);
    assign(unit, left, [value], node);
    return code([value], true);
  }
  const target = left.type === 'MemberExpression' ? member(unit, left, right.end) : name(unit, left);
  const value = (): Rope => {
    const { rope } = explode(unit, right);
    if (!isAnonymous(right)) return rope;
    const given = nameGivenBy(node);
    if (given === null) return unnamed(right, rope);
    const use = unit.copier.lifted(left);
    if (use === null) return rope;
    // On its way to one that may not be there yet, it is the argument of a call.
    return [new NamedValue(use.binding.risky ? '' : unit.copier.target(use), given, rope)];
  };
  if (operator === '=') return code(target.write(value()));
  const plain = operator.slice(0, -1);
  if (plain === '&&' || plain === '||' || plain === '??') {
    const end = unit.label(`after ${operator}`, node);
    const result = unit.save(target.read, node);
    unit.goIf([settled(plain, result)], end, node);
    unit.scratch(() => unit.emit([`${result} = `, ...target.write(value()), ';'], node));
    unit.code.mark(end);
    return code([result], true);
  }
  const steady = left.type !== 'MemberExpression' && isSteady(unit, left, right.end);
  const before: Rope = steady ? target.read : [unit.save(target.read, node.left)];
  return code(target.write([...before, ` ${plain} `, ...operand(explode(unit, right))]));
}

/** A place that is read and written to. */
interface Place {
  readonly read: Rope;
  write(value: Rope): Rope;
}

function name(unit: Unit, node: Node): Place {
  const use = unit.copier.lifted(node);
  if (use === null) {
    const rope = unit.copy(node);
    return { read: rope, write: (value) => [...rope, ' = ', ...value] };
  }
  return {
    read: [unit.copier.read({ ...use, access: 'read' })],
    write: (value) => unit.copier.write(use, value),
  };
}

/** The object, and the key, are evaluated first; what is used of them is used by the place `until`. */
export function member(unit: Unit, node: Extract<Node, { type: 'MemberExpression' }>, until: number = node.end): Place {
  const object: Rope = node.object.type === 'Super' ? ['super'] : held(unit, node.object, until);
  let access: Rope;
  if (node.computed) {
    const key = explode(unit, node.property);
    access = key.stable
      ? ['[', ...key.rope, ']']
      : [`[${unit.save([`${unit.use('propertyKey')}(`, ...key.rope, ')'], node.property)}]`];
  } else access = ['.', { from: node.property.start, to: node.property.end }];
  const place: Rope = [...object, ...access];
  return { read: place, write: (value) => [...place, ' = ', ...value] };
}

/** A value that is used up to the place `until`: in a temporary, unless it is the same until then. */
export function held(unit: Unit, node: Node, until: number): Rope {
  const { rope, atomic } = explode(unit, node);
  return atomic && isSteady(unit, node, until) ? rope : [unit.save(rope, node)];
}

function explodeClass(
  unit: Unit,
  node: Extract<Node, { type: 'ClassExpression' | 'ClassDeclaration' }>,
  replaced?: ReadonlyMap<Node, Rope>,
): Value {
  const { superClass, body } = node;
  if (unit.has(body)) {
    const inner = body.body.find((one) => unit.has(one)) ?? body;
    unit.file.diagnostics.error(
      inner,
      'AWAIT_IN_CLASS_KEY',
      'an await or a yield cannot stand in the computed key of a class member: evaluate the key before the class, `const key = …`',
    );
    return code(['undefined'], true);
  }
  if (superClass === null || !unit.has(superClass)) {
    unit.file.diagnostics.error(
      node.decorators.find((one) => unit.has(one)) ?? node,
      'AWAIT_IN_DECORATOR',
      'an await or a yield cannot stand in a decorator: evaluate what it needs before the class',
    );
    return code(['undefined'], true);
  }
  const own = unit.analysis.scopes.get(node)?.bindings.get(node.id?.name ?? '')?.uses;
  const early = own?.find((use) => superClass.start <= use.node.start && use.node.end <= superClass.end);
  if (early !== undefined)
    unit.file.diagnostics.error(
      early.node,
      'CLASS_NAME_IN_BASE',
      'what a class extends cannot use the name of the class where it awaits: evaluate it before the class, `const Base = await …`',
    );
  const base = unit.save(explode(unit, superClass).rope, superClass);
  return code(unit.copy(node, new Map([...(replaced ?? []), [superClass as Node, [base]]])));
}

export function isAtomic(node: Node): boolean {
  switch (node.type) {
    case 'Identifier':
    case 'Literal':
    case 'ThisExpression':
    case 'Super':
    case 'TemplateLiteral':
    case 'ParenthesizedExpression':
    case 'ArrayExpression':
    case 'MemberExpression':
    case 'PrivateIdentifier':
    case 'MetaProperty':
    case 'JSXElement':
    case 'JSXFragment':
      return true;
    default:
      return false;
  }
}

/** The same of a variable that nothing assigns to before the place `until` of the source, where it has been evaluated by. */
export function isSteady(unit: Unit, node: Node, until: number): boolean {
  const inner = bare(node);
  if (isStable(unit, inner)) return true;
  const use = inner.type === 'Identifier' ? unit.analysis.uses.get(inner) : undefined;
  if (use === undefined || use.within !== null || use.binding.risky) return false;
  return use.binding.uses.every(({ node: other, access, within }) => {
    const later = other !== inner && other.end > inner.start && other.start < until;
    return access !== 'write' || (within === null && !later);
  });
}

/** Literals, functions, `this`, and constants that have their value. */
export function isStable(unit: Unit, node: Node): boolean {
  switch (node.type) {
    case 'Literal':
    case 'ThisExpression':
    case 'Super':
    case 'PrivateIdentifier':
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return true;
    case 'ParenthesizedExpression':
      return isStable(unit, node.expression);
    case 'Identifier':
    case 'JSXIdentifier': {
      if (node.name === 'undefined') return true;
      const use = unit.analysis.uses.get(node);
      if (use === undefined) return false;
      const { kind, risky, uses } = use.binding;
      if (kind === 'const' || kind === 'using') return !risky;
      return kind === 'param' && uses.every(({ access }) => access !== 'write');
    }
    default:
      return false;
  }
}
