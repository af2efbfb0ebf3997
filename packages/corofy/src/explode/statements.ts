/**
 * Statements: those that contain an await are taken apart; the others are copied whole.
 *
 * What must hold: each part runs in the order in which JavaScript runs it, in the scope and under the guard in which it stands.
 */
import type {
  Directive,
  Function as FunctionNode,
  IfStatement,
  LabeledStatement,
  Statement,
  SwitchStatement,
  VariableDeclaration,
} from 'oxc-parser';
import type { Target } from '../machine/jumps.ts';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { isAnonymous, type Node } from '../syntax/node.ts';
import type { Binding, Scope } from '../syntax/scope.ts';
import { declareUsing, isUsing, withUsing } from './disposal.ts';
import { branchUnless, evaluate, explode } from './expressions.ts';
import { explodeLoop } from './loops.ts';
import { NamedValue, shorthandKey, unnamed } from './naming.ts';
import { assign } from './patterns.ts';
import { explodeTry } from './try.ts';
import { returned } from './yields.ts';

/** The body of a marked function. */
export function explodeFunction(unit: Unit): void {
  const { fn } = unit;
  const { body } = fn;
  if (body === null) return;
  if (body.type !== 'BlockStatement') {
    unit.scratch(() => {
      const value = explode(unit, body);
      unit.code.emit(unit.jumps.return(value.rope), body, true);
    });
    return;
  }
  const scope = unit.analysis.scopes.get(body) as Scope;
  // A `var` that repeats a parameter is a variable of its own where parameters have defaults, and begins with its value.
  for (const [binding, value] of repeated(scope)) {
    const from = unit.layout.isLifted(value) ? unit.layout.write(value, false) : value.name;
    unit.emit([`${unit.layout.write(binding, false)} = ${from};`]);
  }
  block(unit, body.body, scope);
  unit.code.emit(['return undefined;'], null, true);
}

function repeated(scope: Scope): [Binding, Binding][] {
  return [...scope.bindings.values()].flatMap((binding): [Binding, Binding][] => {
    const param = scope.node.type === 'BlockStatement' ? scope.parent?.bindings.get(binding.name) : undefined;
    return binding.kind === 'var' && param !== undefined ? [[binding, param]] : [];
  });
}

/** A list of statements with a scope of their own. */
export function block(unit: Unit, statements: readonly (Directive | Statement)[], scope: Scope | null): void {
  if (scope !== null) enterScope(unit, scope, statements);
  list(unit, statements);
}

function list(unit: Unit, statements: readonly (Directive | Statement)[]): void {
  const first = statements.find((one) => isUsing(one));
  if (first === undefined) {
    for (const one of statements) statement(unit, one);
    return;
  }
  const at = statements.indexOf(first);
  for (const one of statements.slice(0, at)) statement(unit, one);
  const rest = statements.slice(at);
  withUsing(
    unit,
    first,
    rest.some((one) => isUsing(one) && one.kind === 'await using'),
    (stack) => {
      for (const one of rest) {
        if (isUsing(one)) declareUsing(unit, one, stack);
        else statement(unit, one);
      }
    },
  );
}

/** What happens when a scope is entered: its own variables are new, and its functions are there. */
export function enterScope(unit: Unit, scope: Scope, statements: readonly Node[]): void {
  const iteration = unit.layout.iterations.get(scope);
  if (iteration !== undefined) {
    const fields: string[] = [];
    for (const binding of scope.bindings.values())
      if (unit.layout.iterationOf(binding) !== null)
        fields.push(`${shorthandKey(binding.name)}${binding.risky ? unit.use('UNSET') : 'undefined'}`);
    unit.emit([`${unit.layout.slot(iteration.name)} = { ${fields.join(', ')} };`]);
  }
  for (const binding of scope.bindings.values())
    if (binding.risky && unit.layout.isLifted(binding) && unit.layout.iterationOf(binding) === null)
      unit.emit([`${unit.layout.write(binding, false)} = ${unit.use('UNSET')};`]);
  for (const one of statements) {
    const inner = one.type === 'LabeledStatement' ? one.body : one;
    if (inner.type === 'FunctionDeclaration') declareFunction(unit, inner);
  }
}

function declareFunction(unit: Unit, fn: FunctionNode): void {
  const { id } = fn;
  if (id === null) return;
  const use = unit.copier.lifted(id);
  // One that repeats a parameter takes its place.
  const target = use === null ? id.name : unit.copier.target(use);
  const value = unit.copy(fn, new Map<Node, Rope>([[id, []]]));
  unit.emit([target, ' = ', new NamedValue(target, id.name, value), ';'], fn);
}

/** A statement in a place that is taken apart. */
export function statement(unit: Unit, node: Directive | Statement): void {
  unit.scratch(() => {
    if (!unit.has(node)) copied(unit, node);
    else exploded(unit, node, []);
  });
}

/** A statement without an await. */
function copied(unit: Unit, node: Statement): void {
  switch (node.type) {
    case 'EmptyStatement':
    case 'FunctionDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSInterfaceDeclaration':
      return;
    case 'ExpressionStatement':
      if ('directive' in node && typeof node.directive === 'string') return;
      break;
    case 'VariableDeclaration':
      declare(unit, node);
      return;
    case 'ClassDeclaration':
      classDeclaration(unit, node);
      return;
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
      if (node.declare) return;
      unit.file.diagnostics.error(
        node,
        'NOT_ERASABLE',
        'an enum or namespace cannot stand in a coroutine between its awaits: declare it outside of the function',
      );
      return;
    case 'LabeledStatement': {
      const inner = node.body;
      if (inner.type === 'FunctionDeclaration') return;
      break;
    }
    default:
  }
  const ends = /^(?:Return|Break|Continue|Throw)Statement$/.test(node.type);
  unit.code.emit(terminated(unit, node, unit.copy(node)), node, ends);
}

/** A statement's text with its semicolon. */
function terminated(unit: Unit, node: Node, rope: Rope): Rope {
  const last = unit.file.source[node.end - 1];
  return last === ';' || (last === '}' && !/^(?:Expression|Throw|Return|DoWhile|If|For|While|Labeled)/.test(node.type))
    ? rope
    : [...rope, ';'];
}

function exploded(unit: Unit, node: Statement, labels: readonly string[]): void {
  switch (node.type) {
    case 'BlockStatement':
      labelled(unit, labels, () => block(unit, node.body, unit.analysis.scopes.get(node) ?? null));
      return;
    case 'ExpressionStatement':
      evaluate(unit, node.expression);
      return;
    case 'VariableDeclaration':
      declare(unit, node);
      return;
    case 'ClassDeclaration':
      classDeclaration(unit, node);
      return;
    case 'ReturnStatement': {
      const argument = node.argument as Node;
      const value = unit.fn.generator ? returned(unit, argument) : unnamed(argument, explode(unit, argument).rope);
      unit.code.emit(unit.jumps.return(value), node, true);
      return;
    }
    case 'ThrowStatement':
      unit.code.emit(['throw ', ...explode(unit, node.argument).rope, ';'], node, true);
      return;
    case 'IfStatement':
      labelled(unit, labels, () => explodeIf(unit, node));
      return;
    case 'LabeledStatement':
      explodeLabeled(unit, node, labels);
      return;
    case 'SwitchStatement':
      explodeSwitch(unit, node, labels);
      return;
    case 'TryStatement':
      labelled(unit, labels, () => explodeTry(unit, node));
      return;
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
      explodeLoop(unit, node, labels);
      return;
    default:
      unit.file.diagnostics.error(node, 'UNSUPPORTED', `an await or a yield cannot stand in a ${node.type}`);
  }
}

function explodeLabeled(unit: Unit, node: LabeledStatement, labels: readonly string[]): void {
  exploded(unit, node.body, [...labels, node.label.name]);
}

/** What `break` with a label can leave, though it is no loop. */
function labelled(unit: Unit, labels: readonly string[], body: () => void): void {
  if (labels.length === 0) {
    body();
    return;
  }
  const end = unit.label(`after ${labels.join(', ')}`);
  unit.jumps.within({ kind: 'block', labels, breakTo: end, continueTo: null }, body);
  unit.code.mark(end);
}

function explodeIf(unit: Unit, node: IfStatement): void {
  const end = unit.label('after the if', node);
  const otherwise = node.alternate === null ? end : unit.label('else', node.alternate);
  unit.scratch(() => branchUnless(unit, node.test, otherwise));
  statement(unit, node.consequent);
  if (node.alternate !== null) {
    unit.go(end);
    unit.code.mark(otherwise);
    statement(unit, node.alternate);
  }
  unit.code.mark(end);
}

function explodeSwitch(unit: Unit, node: SwitchStatement, labels: readonly string[]): void {
  const end = unit.label('after the switch', node);
  const value = unit.save(explode(unit, node.discriminant).rope, node.discriminant);
  enterScope(
    unit,
    unit.analysis.scopes.get(node) as Scope,
    node.cases.flatMap((one) => one.consequent),
  );
  const cases = node.cases.map((one) => ({ one, label: unit.label(one.test === null ? 'default' : 'case', one) }));
  for (const { one, label } of cases) {
    const { test } = one;
    if (test === null) continue;
    unit.scratch(() => {
      const against = explode(unit, test);
      unit.goIf([`${value} === `, ...(against.atomic ? against.rope : ['(', ...against.rope, ')'])], label, test);
    });
  }
  unit.go(cases.find(({ one }) => one.test === null)?.label ?? end);
  const target: Target = { kind: 'switch', labels, breakTo: end, continueTo: null };
  unit.jumps.within(target, () => {
    for (const { one, label } of cases) {
      unit.code.mark(label);
      for (const inner of one.consequent) statement(unit, inner);
    }
  });
  unit.code.mark(end);
}

function classDeclaration(unit: Unit, node: Extract<Node, { type: 'ClassDeclaration' | 'ClassExpression' }>): void {
  if (node.id === null || node.declare === true) return;
  const use = unit.copier.lifted(node.id);
  const value = explode(unit, node, new Map([[node.id as Node, unit.copier.range(node.id.start, node.id.end, [])]]));
  if (use !== null) unit.emit([unit.copier.target(use), ' = ', ...value.rope, ';'], node);
}

/** A declaration of variables, which are there already. */
export function declare(unit: Unit, node: VariableDeclaration): void {
  if (node.declare === true) return;
  for (const { id, init } of node.declarations) {
    if (init === null) {
      // In a loop it is undefined again each time.
      if (node.kind !== 'var') assign(unit, id, ['undefined'], id);
      continue;
    }
    unit.scratch(() => {
      const value = explode(unit, init);
      const use = unit.copier.lifted(id);
      const rope: Rope =
        use !== null && isAnonymous(init)
          ? [new NamedValue(unit.copier.target(use), use.binding.name, value.rope)]
          : value.rope;
      assign(unit, id, rope, id);
    });
  }
}
