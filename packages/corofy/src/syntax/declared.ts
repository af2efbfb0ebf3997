/** What patterns and statements declare. */
import { children, isFunction, isType, type Node } from './node.ts';

type Named = Node & { readonly name: string };

/** The identifiers that a pattern declares. */
export function namesIn(pattern: Node): Named[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) => namesIn(property));
    case 'Property':
      return namesIn(pattern.value);
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : namesIn(element)));
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    case 'TSParameterProperty':
      return namesIn(pattern.parameter);
    default:
      return [];
  }
}

/** What has variables of its own. */
const APART = new Set(['ClassDeclaration', 'ClassExpression', 'TSModuleDeclaration']);

/** The names that `var` declares below a node, functions excluded. */
export function varsIn(node: Node): Named[] {
  if (isFunction(node) || APART.has(node.type) || isType(node)) return [];
  if (node.type === 'VariableDeclaration')
    return node.kind === 'var' ? node.declarations.flatMap(({ id }) => namesIn(id)) : [];
  if (/Expression$|Literal$|Identifier$/.test(node.type) && node.type !== 'StaticBlock') return [];
  return children(node).flatMap((child) => varsIn(child));
}
