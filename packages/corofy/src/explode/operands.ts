/**
 * Operands: an expression is rebuilt from its own text, with those operands replaced that come before its last await.
 *
 * What must hold: an operand that is evaluated before an await is saved before it, in the order of the source.
 */
import type {
  JSXElement,
  JSXElementName,
  JSXFragment,
  ObjectExpression,
  ObjectProperty,
  TemplateLiteral,
} from 'oxc-parser';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { bare, isAnonymous, type Node } from '../syntax/node.ts';
import { explode, isStable, isSteady, operand } from './expressions.ts';
import { shorthandKey, unnamed } from './naming.ts';

export interface Operand {
  readonly node: Node;
  /** What is saved of it; by default its value. `replaced`: what stands for the operands before it. */
  readonly save?: (rope: Rope, replaced: ReadonlyMap<Node, Rope>) => Rope;
  /** How it stands in the text when it is replaced. */
  readonly place?: (rope: Rope) => Rope;
}

/** Evaluates the operands up to the last one with an await; gives what stands for each of them. */
export function operands(unit: Unit, list: readonly Operand[]): Map<Node, Rope> {
  const replaced = new Map<Node, Rope>();
  const last = list.findLastIndex(({ node }) => unit.has(node));
  const until = list[last]?.node.end ?? 0;
  for (const [index, { node, save, place }] of list.slice(0, last + 1).entries()) {
    const value = explode(unit, node);
    const steady = value.stable || (save === undefined && isSteady(unit, node, until));
    // What is saved of a constant's value may be other than its value.
    if (index < last && steady && (save === undefined || node.type === 'Literal')) continue;
    let rope: Rope;
    if (index < last) rope = [unit.save(save === undefined ? value.rope : save(value.rope, replaced), node)];
    else rope = operand(value);
    replaced.set(node, place === undefined ? rope : place(rope));
  }
  return replaced;
}

export function rebuild(unit: Unit, node: Node, list: readonly Operand[]): Rope {
  return unit.copy(node, operands(unit, list));
}

/** Values, computed keys and spreads; an object is made at its end, which nobody notices. */
export function rebuildObject(unit: Unit, node: ObjectExpression): Rope {
  const list: Operand[] = [];
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      list.push({ node: property.argument, save: (rope) => ['{ ...', ...rope, ' }'] });
      continue;
    }
    if (property.computed)
      list.push({ node: property.key, save: (rope) => [`${unit.use('propertyKey')}(`, ...rope, ')'] });
    if (property.kind !== 'init' || property.method) continue;
    if (property.shorthand) {
      const { name } = property.key as { readonly name: string };
      list.push({ node: property.value, place: (rope) => [shorthandKey(name), ...rope] });
    } else if (bare(property.value).type === 'ClassExpression' && isAnonymous(property.value))
      list.push({ node: property.value, save: (rope, replaced) => namedByKey(unit, property, rope, replaced) });
    else list.push({ node: property.value });
  }
  return rebuild(unit, node, list);
}

/** A class that takes its name from its key. */
function namedByKey(unit: Unit, property: ObjectProperty, value: Rope, replaced: ReadonlyMap<Node, Rope>): Rope {
  const { computed, key } = property;
  const text = replaced.get(key) ?? unit.copy(key);
  if (computed) return ['({ [', ...text, ']: ', ...value, ' })[', ...text, ']'];
  const name = key.type === 'Identifier' ? key.name : (key as { readonly value?: unknown }).value;
  // That is no property but the prototype, which gives no name.
  if (name === '__proto__') return unnamed(property.value, value);
  return ['({ ', ...text, ': ', ...value, ' })', ...(key.type === 'Identifier' ? ['.', ...text] : ['[', ...text, ']'])];
}

/** What comes before an await has become text by then. */
export function rebuildTemplate(unit: Unit, node: TemplateLiteral): Rope {
  return rebuild(
    unit,
    node,
    node.expressions.map((one) => ({ node: one, save: (rope) => ['`${', ...rope, '}`'] })),
  );
}

/**
 * An element is a call of a factory, which is given the component, then the properties, then the children. A component that is a variable is
 * read before them all.
 */
export function rebuildJsx(unit: Unit, node: JSXElement | JSXFragment): Rope {
  const named = node.type === 'JSXElement' ? componentOf(node.openingElement.name) : null;
  if (node.type !== 'JSXElement' || named === null || isStable(unit, named))
    return rebuild(unit, node, jsxOperands(node));
  const { openingElement, closingElement } = node;
  const root = rootOf(openingElement.name);
  const use = unit.copier.lifted(root);
  const read = unit.copy(openingElement.name, use === null ? undefined : new Map([[root, [unit.copier.read(use)]]]));
  const component: Rope = [unit.save(read, openingElement.name)];
  const replaced = operands(unit, jsxOperands(node)).set(openingElement.name, component);
  if (closingElement !== null) replaced.set(closingElement.name, component);
  return unit.copy(node, replaced);
}

/** The first identifier of `<a.b.c>`. */
export function rootOf(name: JSXElementName): Node {
  let root: Node = name;
  while (root.type === 'JSXMemberExpression') root = root.object;
  return root;
}

/** What an element's name refers to; null for the name of an element of the platform, which refers to nothing. */
function componentOf(name: JSXElementName): Node | null {
  if (name.type === 'JSXNamespacedName' || (name.type === 'JSXIdentifier' && /^[a-z]|-/.test(name.name))) return null;
  return name;
}

function jsxOperands(node: JSXElement | JSXFragment): Operand[] {
  const list: Operand[] = [];
  const inBraces = (rope: Rope): Rope =>
    rope.length === 1 && typeof rope[0] === 'string' ? ['{', ...rope, '}'] : rope;
  if (node.type === 'JSXElement') {
    for (const attribute of node.openingElement.attributes) {
      if (attribute.type === 'JSXSpreadAttribute')
        list.push({ node: attribute.argument, save: (rope) => ['{ ...', ...rope, ' }'] });
      else if (attribute.value?.type === 'JSXExpressionContainer') list.push({ node: attribute.value.expression });
      else if (attribute.value?.type === 'JSXElement' || attribute.value?.type === 'JSXFragment')
        list.push({ node: attribute.value, place: inBraces });
    }
  }
  for (const child of node.children) {
    if (child.type === 'JSXExpressionContainer' && child.expression.type !== 'JSXEmptyExpression')
      list.push({ node: child.expression });
    else if (child.type === 'JSXSpreadChild')
      list.push({ node: child.expression, save: (rope) => ['[...', ...rope, ']'] });
    else if (child.type === 'JSXElement' || child.type === 'JSXFragment') list.push({ node: child, place: inBraces });
  }
  return list;
}
