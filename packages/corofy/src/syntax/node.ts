/** The syntax tree as oxc gives it (ESTree with TypeScript), and how to go through it. */
import { visitorKeys, type ArrowFunctionExpression, type Function as FunctionNode, type Node } from 'oxc-parser';

export type { Node } from 'oxc-parser';

/** An async function that `coroutine` is called with. */
export type MarkedFunction = ArrowFunctionExpression | FunctionNode;

/** Keys under which there are only types. */
const TYPE_KEYS = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'superTypeArguments',
  'implements',
]);

const WRAPPERS = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'TSNonNullExpression',
  'TSInstantiationExpression',
]);

/** The children of a node that are no types, in no particular order. */
export function children(node: Node): Node[] {
  if (WRAPPERS.has(node.type)) return [(node as unknown as { expression: Node }).expression];
  if (isType(node)) return [];
  const found: Node[] = [];
  for (const key of visitorKeys[node.type] ?? []) {
    if (TYPE_KEYS.has(key)) continue;
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null | undefined>)[key];
    if (Array.isArray(child)) {
      for (const one of child) if (one !== null) found.push(one);
    } else if (child !== null && child !== undefined) found.push(child);
  }
  return found;
}

/** True for what type stripping removes. A parameter property, an enum and a namespace are no types. */
export function isType(node: Node): boolean {
  return (
    node.type.startsWith('TS') &&
    !WRAPPERS.has(node.type) &&
    node.type !== 'TSParameterProperty' &&
    node.type !== 'TSEnumDeclaration' &&
    node.type !== 'TSModuleDeclaration'
  );
}

export function isFunction(node: Node): node is MarkedFunction {
  return (
    node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration' || node.type === 'ArrowFunctionExpression'
  );
}

/** The expression inside parentheses and type assertions. */
export function bare(node: Node): Node {
  let inner = node;
  while (inner.type === 'ParenthesizedExpression' || WRAPPERS.has(inner.type))
    inner = (inner as unknown as { expression: Node }).expression;
  return inner;
}

/** A function or class expression that takes the name of what it is assigned to. */
export function isAnonymous(node: Node | null): boolean {
  if (node === null) return false;
  const inner = node.type === 'ParenthesizedExpression' ? bare(node) : node;
  return (
    inner.type === 'ArrowFunctionExpression' ||
    ((inner.type === 'FunctionExpression' || inner.type === 'ClassExpression') && inner.id === null)
  );
}

/** Calls `visit` for the node and all below it, until it returns false. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  for (const child of children(node)) walk(child, visit);
}
