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

/** A name that a block declares, and where its declaration ends. */
interface Lexical {
  readonly name: string;
  readonly kind: 'let' | 'const' | 'using' | 'function' | 'class';
  readonly end: number;
}

/** The names that a statement list declares in its own block, in a namespace with those that it exports. */
export function lexicalsIn(statements: readonly Node[]): Lexical[] {
  return statements.flatMap((statement): Lexical[] => {
    switch (statement.type) {
      case 'FunctionDeclaration':
        return statement.id === null ? [] : [{ name: statement.id.name, kind: 'function', end: statement.start }];
      case 'ClassDeclaration':
        return statement.id === null ? [] : [{ name: statement.id.name, kind: 'class', end: statement.end }];
      case 'VariableDeclaration': {
        if (statement.kind === 'var') return [];
        const kind = statement.kind === 'let' || statement.kind === 'const' ? statement.kind : 'using';
        return statement.declarations.flatMap(({ id, end }) => namesIn(id).map(({ name }) => ({ name, kind, end })));
      }
      case 'LabeledStatement':
        return lexicalsIn([statement.body]);
      case 'ExportNamedDeclaration':
        return statement.declaration === null ? [] : lexicalsIn([statement.declaration]);
      case 'TSImportEqualsDeclaration':
        if (statement.importKind === 'type') return [];
        return [{ name: statement.id.name, kind: 'function', end: statement.start }];
      case 'TSEnumDeclaration':
      case 'TSModuleDeclaration':
        if (statement.id.type !== 'Identifier') return [];
        return [{ name: statement.id.name, kind: 'function', end: statement.start }];
      default:
        return [];
    }
  });
}
