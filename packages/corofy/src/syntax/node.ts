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

/** What begins with TS and is no type: it stays when types are stripped, or becomes something else. */
const NO_TYPES = new Set([
  ...WRAPPERS,
  'TSParameterProperty',
  'TSEnumDeclaration',
  'TSModuleDeclaration',
  'TSModuleBlock',
  'TSExportAssignment',
]);

/** Of each kind of node the keys of what is below it: a tree is gone through several times (a tenth of a compilation). */
const KEYS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(visitorKeys).map(([type, keys]) => {
    if (WRAPPERS.has(type)) return [type, ['expression']];
    return [type, isTypeName(type) ? [] : keys.filter((key) => !TYPE_KEYS.has(key))];
  }),
);

type Below = Node | (Node | null)[] | null | undefined;

/** The children of a node that are no types, in no particular order. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  eachChild(node, (child) => void found.push(child));
  return found;
}

/** The same without a list of them. */
export function eachChild(node: Node, visit: (child: Node) => void): void {
  const keys = KEYS.get(node.type);
  if (keys === undefined) return;
  for (const key of keys) {
    const below = (node as unknown as Record<string, Below>)[key];
    if (Array.isArray(below)) {
      for (const one of below) if (one !== null) visit(one);
    } else if (below !== null && below !== undefined) visit(below);
  }
}

/** True for what type stripping removes. */
export function isType(node: Node): boolean {
  return isTypeName(node.type);
}

function isTypeName(type: string): boolean {
  return type.startsWith('TS') && !NO_TYPES.has(type);
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

/** An assignment, or a default of a pattern. */
export interface Assigning {
  readonly start: number;
  readonly left: Node;
  readonly right: Node;
}

/** The name that an assignment or a default gives to a function, or null: a target in parentheses, which the tree leaves out, gives none. */
export function nameGivenBy({ start, left }: Assigning): string | null {
  if (start !== left.start) return null;
  let inner = left;
  while (WRAPPERS.has(inner.type)) inner = (inner as unknown as { expression: Node }).expression;
  return inner.type === 'Identifier' ? inner.name : null;
}

/** Calls `visit` for the node and all below it, until it returns false. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  eachChild(node, (child) => walk(child, visit));
}
