/**
 * The variables of a machine: which of them outlive a wait, what type each has then, and what of them cannot be a field.
 *
 * What must hold: a variable is a field when it is used in more than one state. A field has a type, belongs to the machine's own `this`, and is
 * one for all turns of a loop; whatever needs another is refused.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { NamedValue, ShorthandKey } from '../explode/naming.ts';
import { VariableUse } from '../machine/layout.ts';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { namesIn } from '../syntax/declared.ts';
import { children, isFunction, walk, type Node } from '../syntax/node.ts';
import type { Binding } from '../syntax/scope.ts';
import type { Field, Local, State, TeachingContext } from './machine.ts';
import type { TeachingFunction } from './read.ts';
import type { Types } from './types.ts';

/** Every declared variable by its identifier or pattern. */
export function localsOf(fn: TeachingFunction['fn']): Map<Node, Local> {
  const found = new Map<Node, Local>();
  const visit = (node: Node): void => {
    if (node.type === 'VariableDeclaration')
      for (const declarator of node.declarations) found.set(declarator.id, { kind: node.kind, declarator });
    for (const child of children(node)) if (!isFunction(child)) visit(child);
  };
  visit(fn.body as Node);
  return found;
}

/** The variables that are used in more than one state, and parameters that are used at all. */
export function outliving(states: readonly State[], locals: ReadonlyMap<Node, Local>): Set<Binding> {
  const seen = new Map<Binding, Set<State>>();
  for (const state of states)
    for (const line of state.lines)
      eachUse(line.kind === 'code' ? line.rope : line.operand, ({ use: { binding } }) => {
        const known = seen.get(binding) ?? new Set();
        seen.set(binding, known.add(state));
      });
  const kept = new Set<Binding>();
  const names = new Map<State, Set<string>>();
  const patterns = new Map<Binding, Binding[]>();
  for (const { declarator } of locals.values()) {
    const ids = new Set<Node>(namesIn(declarator.id));
    const together = [...seen.keys()].filter(({ uses }) => uses.some(({ node }) => ids.has(node)));
    for (const binding of together) patterns.set(binding, together);
  }
  for (const [binding, where] of seen) {
    const [first] = where;
    const own = names.get(first as State) ?? new Set();
    names.set(first as State, own);
    // Two blocks that end up in one state may have variables of the same name.
    if (binding.kind === 'param' || where.size > 1 || own.has(binding.name))
      for (const one of patterns.get(binding) ?? [binding]) kept.add(one);
    else own.add(binding.name);
  }
  return kept;
}

function eachUse(rope: Rope, visit: (use: VariableUse) => void): void {
  for (const piece of rope) {
    if (typeof piece === 'string') continue;
    if (Array.isArray(piece)) eachUse(piece as Rope, visit);
    else if (piece instanceof VariableUse) visit(piece);
    else if (piece instanceof NamedValue) eachUse([piece.target, ...piece.value], visit);
    else if (piece instanceof ShorthandKey) eachUse([piece.target], visit);
  }
}

export function fieldsOf({ layout }: Unit, types: Types, diagnostics: Diagnostics): Field[] {
  const fields: Field[] = [];
  for (const [binding, name] of layout.lifted) {
    const type = types.ofBinding(binding);
    const id = binding.uses.find(({ access }) => access === 'declare')?.node;
    if (type === null && id !== undefined)
      diagnostics.error(
        id,
        'NEEDS_TYPE',
        `${binding.name} outlives a wait, so it becomes a field, whose type is not seen here: write it, \`${binding.kind === 'param' ? '' : `${binding.kind} `}${binding.name}: Type\``,
      );
    const param = binding.kind === 'param' ? binding.name : null;
    fields.push({ name, type: type ?? 'never', param });
  }
  return fields;
}

/** Uses of a field where `this` is somebody else's, or where the field is not what the variable is. */
export function refuseUses(
  { fn }: TeachingFunction,
  { layout, analysis, file, code }: Unit,
  diagnostics: Diagnostics,
): void {
  const before = diagnostics.list.length;
  const visit = (node: Node, foreign: boolean): void => {
    const use = analysis.uses.get(node);
    if (use !== undefined && use.access !== 'declare' && layout.isLifted(use.binding)) {
      const { name, risky } = use.binding;
      if (foreign)
        diagnostics.error(
          node,
          'CAPTURED',
          `${name} becomes a field of the machine, and \`this\` is another one here: write an arrow function`,
        );
      else if (layout.iterationOf(use.binding) !== null)
        diagnostics.error(
          node,
          'CAPTURED_IN_LOOP',
          `a closure keeps ${name} of each turn of the loop, which has one field for all: write a function that is given it`,
        );
      else if (risky && node.start < use.binding.end)
        diagnostics.error(
          node,
          'TOO_EARLY',
          `${name} is used before its declaration, which a field would not notice: declare it before`,
        );
    }
    for (const child of children(node))
      visit(
        child,
        foreign ||
          node.type === 'ClassBody' ||
          (isFunction(node) && node !== fn && node.type !== 'ArrowFunctionExpression'),
      );
  };
  for (const part of [...fn.params, fn.body]) if (part !== null) visit(part, false);
  for (const [binding] of layout.lifted)
    if (binding.kind !== 'param' && binding.uses.some((use) => use.access === 'write' && binding.kind === 'const'))
      diagnostics.error(
        binding.uses.find(({ access }) => access === 'write')?.node ?? fn,
        'CONSTANT',
        `${binding.name} is a constant`,
      );
  if (diagnostics.list.length === before && (file.runtime.isUsed || layout.temps.length > 0 || code.guarded))
    diagnostics.error(
      { ...fn, end: fn.start + 18 },
      'NOT_READABLE',
      'the machine of this function would need more than its states: compile it as `coroutine(async …)`',
    );
}

export function futureOf(
  wait: Node,
  { fn }: TeachingFunction,
  types: Types,
  locals: ReadonlyMap<Node, Local>,
  { diagnostics, future }: TeachingContext,
): string {
  const { argument } = wait as Extract<Node, { type: 'AwaitExpression' }>;
  for (const [id, { declarator }] of locals)
    if (declarator.init === wait) {
      const written = types.written(id);
      if (written !== null) return `${future}<${written}>`;
    }
  const parent = parentOf(fn.body as Node, wait);
  if (parent?.type === 'ExpressionStatement') return `${future}<unknown>`;
  const returned = types.written({ typeAnnotation: fn.returnType } as unknown as Node);
  if (parent?.type === 'ReturnStatement' && returned !== null) return `${future}<${returned}>`;
  if (parent?.type === 'AssignmentExpression') {
    const type = types.ofValue(parent.left);
    if (type !== null) return `${future}<${type}>`;
  }
  const type = types.ofFuture(argument);
  if (type === null)
    diagnostics.error(
      argument,
      'NEEDS_TYPE',
      'what this gives is not seen here: write the type of its value, `const value: Type = ….wait`',
    );
  return type ?? 'never';
}

function parentOf(node: Node, wanted: Node): Node | null {
  let found: Node | null = null;
  walk(node, (one) => {
    if (children(one).includes(wanted)) found = one;
  });
  return found;
}

/** The type of the function's value: as it is written, or of what it returns. */
export function resultOf({ fn, name }: TeachingFunction, types: Types, diagnostics: Diagnostics): string {
  const written = types.written({ typeAnnotation: fn.returnType } as unknown as Node);
  if (written !== null) return written;
  const returned: Node[] = [];
  walk(fn.body as Node, (node) => {
    if (isFunction(node)) return false;
    if (node.type === 'ReturnStatement' && node.argument !== null) returned.push(node.argument);
    return true;
  });
  const [first] = returned;
  if (first === undefined) return 'void';
  const type = returned.length === 1 ? types.ofValue(first) : null;
  if (type === null)
    diagnostics.error(
      first,
      'NEEDS_TYPE',
      `the type of what is returned is not seen here: write it, \`coroutine function ${name}(…): Type\``,
    );
  return type ?? 'never';
}
