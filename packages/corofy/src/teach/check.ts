/**
 * What a readable machine can do: a wait is a line of its own, in blocks, branches and plain loops; variables outlive it, closures of a loop's
 * turn do not.
 *
 * What must hold: whatever passes is translated exactly. The compiler proper takes everything else, and each refusal says what to write
 * instead.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { bare, children, isFunction, walk, type Node } from '../syntax/node.ts';
import type { Analysis } from '../syntax/scope.ts';
import type { TeachingFunction } from './read.ts';

const OR_COMPILE = 'or compile it as `coroutine(async …)`, which takes everything';

/** Statements in which no wait may stand, and what to write instead. */
const REFUSED: Readonly<Record<string, string>> = {
  TryStatement:
    'a readable machine has no state for errors that are caught: catch in a function that you call, or in the coroutine that waits for this one',
  ForOfStatement:
    'going over an iterator would need a state for its closing: write `for (let i = 0; i < list.length; i++)`',
  ForInStatement: 'write `const keys = Object.keys(…)`, and a loop with an index over them',
  SwitchStatement: 'write the cases as `if (…) … else if (…) …`',
  LabeledStatement: 'write the loop without its label',
};

export function checkTeaching({ fn }: TeachingFunction, analysis: Analysis, diagnostics: Diagnostics): void {
  const { awaits } = analysis;
  const refuse = (at: Node, code: string, message: string): void => diagnostics.error(at, code, message);

  if (fn.generator)
    refuse({ ...fn, end: fn.start + 19 }, 'GENERATOR', 'a coroutine function is no generator: it returns one value');
  const { typeParameters } = fn;
  if (typeParameters !== null && typeParameters !== undefined)
    refuse(
      typeParameters,
      'TYPE_PARAMETERS',
      `a machine that is read has no type parameters: name the types that are meant, ${OR_COMPILE}`,
    );
  for (const param of fn.params) {
    const inner =
      param.type === 'RestElement' ? param.argument : param.type === 'AssignmentPattern' ? param.left : param;
    if (inner.type !== 'Identifier' || inner.name === 'this')
      refuse(param, 'PARAMETER_PATTERN', 'give the parameter a name, and take it apart in the body');
  }
  const surroundings = analysis.surroundings.get(fn);
  if (surroundings?.this === true || surroundings?.arguments === true)
    refuse(
      firstOwn(fn.body as Node) ?? fn,
      'OWN_THIS',
      'a coroutine function has no `this` and no `arguments`: give it parameters',
    );

  /** A wait that has a line of its own, `value` of it: `wait`, `const x = wait`, `x = wait`, `return wait`. */
  const line = (value: Node | null): void => {
    if (value === null || !awaits.has(value)) return;
    const inner = bare(value);
    if (inner.type === 'AssignmentExpression' && inner.operator === '=' && bare(inner.left).type === 'Identifier')
      line(inner.right);
    else if (inner.type === 'AwaitExpression' && !awaits.has(inner.argument)) return;
    else {
      const wait = inner.type === 'AwaitExpression' ? inner.argument : inner;
      refuse(
        firstAwait(wait) ?? wait,
        'WAIT_PLACE',
        'give this wait a line of its own before: `const value = ….wait;`',
      );
    }
  };
  const without = (part: Node | null): void => {
    if (part !== null && awaits.has(part))
      refuse(
        firstAwait(part) ?? part,
        'WAIT_PLACE',
        'a wait cannot stand in the head of a statement: give it a line of its own before, or at the end of the loop',
      );
  };
  const visit = (node: Node): void => {
    if (!awaits.has(node)) return;
    const message = REFUSED[node.type];
    if (message !== undefined) {
      refuse(firstAwait(node) ?? node, 'WAIT_IN_STATEMENT', `no wait can stand here: ${message}, ${OR_COMPILE}`);
      return;
    }
    switch (node.type) {
      case 'BlockStatement':
        for (const one of node.body) visit(one);
        return;
      case 'ExpressionStatement':
        line(node.expression);
        return;
      case 'ReturnStatement':
        line(node.argument);
        return;
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) {
          line(init);
          if (init !== null && awaits.has(init) && id.type !== 'Identifier')
            refuse(id, 'WAIT_PATTERN', 'give the value a name, and take it apart on the next line');
        }
        return;
      case 'IfStatement':
        without(node.test);
        visit(node.consequent);
        if (node.alternate !== null) visit(node.alternate);
        return;
      case 'WhileStatement':
      case 'DoWhileStatement':
        without(node.test);
        visit(node.body);
        return;
      case 'ForStatement':
        for (const part of [node.init, node.test, node.update]) without(part);
        visit(node.body);
        return;
      default:
        refuse(
          firstAwait(node) ?? node,
          'WAIT_PLACE',
          'give this wait a line of its own before: `const value = ….wait;`',
        );
    }
  };
  for (const one of (fn.body as Extract<Node, { type: 'BlockStatement' }>).body) {
    visit(one);
    declared(one, awaits, refuse);
  }
}

/** What would have to be there from the beginning of a block that is taken apart. */
function declared(
  node: Node,
  awaits: ReadonlySet<Node>,
  refuse: (at: Node, code: string, message: string) => void,
): void {
  const inner = node.type === 'LabeledStatement' ? node.body : node;
  if (inner.type === 'FunctionDeclaration' || inner.type === 'ClassDeclaration')
    refuse(
      { ...inner, end: inner.body?.start ?? inner.end },
      'DECLARED_INSIDE',
      'declare it outside of the coroutine function: its block is taken apart',
    );
  else if (inner.type === 'TSEnumDeclaration' || inner.type === 'TSModuleDeclaration')
    refuse(inner, 'DECLARED_INSIDE', 'declare it outside of the coroutine function');
  else if (inner.type === 'VariableDeclaration' && (inner.kind === 'using' || inner.kind === 'await using'))
    refuse(inner, 'USING', `a readable machine has no state for disposals, ${OR_COMPILE}`);
  if (!awaits.has(inner) || isFunction(inner)) return;
  for (const child of children(inner)) if (!isFunction(child)) declared(child, awaits, refuse);
}

function firstAwait(node: Node): Node | null {
  let found: Node | null = null;
  walk(node, (inner) => {
    if (isFunction(inner)) return false;
    if (inner.type === 'AwaitExpression' && (found === null || inner.start < found.start)) found = inner;
    return true;
  });
  return found;
}

function firstOwn(node: Node): Node | null {
  let found: Node | null = null;
  walk(node, (inner) => {
    if (isFunction(inner) && inner.type !== 'ArrowFunctionExpression') return false;
    if (
      found === null &&
      (inner.type === 'ThisExpression' ||
        inner.type === 'Super' ||
        inner.type === 'MetaProperty' ||
        (inner.type === 'Identifier' && inner.name === 'arguments'))
    )
      found = inner;
    return true;
  });
  return found;
}
