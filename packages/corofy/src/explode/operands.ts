/**
 * Operands: an expression is rebuilt from its own text, with those operands replaced that come before its last await.
 *
 * What must hold: an operand that is evaluated before an await is saved before it, in the order of the source.
 */
import type { JSXElement, JSXFragment, ObjectExpression, TemplateLiteral } from 'oxc-parser';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import type { Node } from '../syntax/node.ts';
import { explode, isSteady, operand } from './expressions.ts';
import { shorthandKey } from './naming.ts';

export interface Operand {
  readonly node: Node;
  /** What is saved of it; by default its value. */
  readonly save?: (rope: Rope) => Rope;
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
    if (index < last) rope = [unit.save(save === undefined ? value.rope : save(value.rope), node)];
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
    } else list.push({ node: property.value });
  }
  return rebuild(unit, node, list);
}

/** What comes before an await has become text by then. */
export function rebuildTemplate(unit: Unit, node: TemplateLiteral): Rope {
  return rebuild(
    unit,
    node,
    node.expressions.map((one) => ({ node: one, save: (rope) => ['`${', ...rope, '}`'] })),
  );
}

export function rebuildJsx(unit: Unit, node: JSXElement | JSXFragment): Rope {
  return rebuild(unit, node, jsxOperands(node));
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
    else if (child.type === 'JSXSpreadChild') list.push({ node: child.expression });
    else if (child.type === 'JSXElement' || child.type === 'JSXFragment') list.push({ node: child, place: inBraces });
  }
  return list;
}
