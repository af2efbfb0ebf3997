/**
 * The marker: a call of `coroutine`, imported from 'pawl' under any name, on an async arrow, async function or async generator expression.
 *
 * What must hold: it is found by syntax alone. A name that is declared again in an inner scope is not the marker there.
 */
import type { CallExpression, Program } from 'oxc-parser';
import { bare, type MarkedFunction, type Node } from './node.ts';

/** A call that marks a function, and the function. */
export interface Mark {
  readonly call: CallExpression;
  readonly fn: MarkedFunction;
}

/** Names under which a module knows `coroutine`. */
export class MarkerNames {
  private readonly direct = new Set<string>();
  private readonly namespaces = new Set<string>();

  constructor(program: Program, from: readonly string[]) {
    for (const statement of program.body) {
      if (statement.type === 'TSImportEqualsDeclaration') {
        const { id, importKind, moduleReference } = statement;
        if (importKind !== 'type' && moduleReference.type === 'TSExternalModuleReference')
          if (from.includes(moduleReference.expression.value)) this.namespaces.add(id.name);
        continue;
      }
      if (statement.type !== 'ImportDeclaration' || !from.includes(statement.source.value)) continue;
      if (statement.importKind === 'type') continue;
      for (const specifier of statement.specifiers) {
        if (specifier.type === 'ImportNamespaceSpecifier') this.namespaces.add(specifier.local.name);
        else if (specifier.type === 'ImportSpecifier' && specifier.importKind !== 'type') {
          const { imported } = specifier;
          const name = imported.type === 'Literal' ? imported.value : imported.name;
          if (name === 'coroutine') this.direct.add(specifier.local.name);
        }
      }
    }
  }

  get none(): boolean {
    return this.direct.size === 0 && this.namespaces.size === 0;
  }

  /** The name by which a callee refers to the import, or null when it does not. */
  nameIn(callee: Node): string | null {
    const inner = bare(callee);
    if (inner.type === 'Identifier') return this.direct.has(inner.name) ? inner.name : null;
    if (inner.type !== 'MemberExpression' || inner.computed || inner.object.type !== 'Identifier') return null;
    const property = inner.property as { readonly name?: string };
    return this.namespaces.has(inner.object.name) && property.name === 'coroutine' ? inner.object.name : null;
  }
}

/** The mark that a call is, if it is one. */
export function markOf(call: CallExpression): Mark | null {
  const [first] = call.arguments;
  if (first === undefined || first.type === 'SpreadElement') return null;
  const fn = bare(first);
  if ((fn.type !== 'ArrowFunctionExpression' && fn.type !== 'FunctionExpression') || !fn.async) return null;
  return { call, fn };
}
