/**
 * The machine of one function of the teaching syntax: its states, and the variables that outlive them.
 *
 * What must hold: it is the compiler's own intermediate form, read with names for its labels. A variable that is used in one state alone stays
 * a variable of that state; any other is a field.
 */
import type { Program } from 'oxc-parser';
import { Diagnostics } from '../diagnostics.ts';
import { NamedValue, ShorthandKey } from '../explode/naming.ts';
import { explodeFunction } from '../explode/statements.ts';
import type { Instruction, Label } from '../machine/code.ts';
import { FileContext } from '../machine/file.ts';
import { VariableUse } from '../machine/layout.ts';
import { Names } from '../machine/names.ts';
import { Unit } from '../machine/unit.ts';
import type { Lines } from '../lines.ts';
import type { Rope } from '../output/rope.ts';
import { namesIn } from '../syntax/declared.ts';
import { MarkerNames } from '../syntax/marker.ts';
import { children, isFunction, walk, type Node } from '../syntax/node.ts';
import { Analysis, type Binding } from '../syntax/scope.ts';
import { checkTeaching } from './check.ts';
import type { TeachingFunction } from './read.ts';
import { Types } from './types.ts';

type Declarator = Extract<Node, { type: 'VariableDeclarator' }>;
export type Line = Exclude<Instruction, { kind: 'label' }>;

/** A variable that is declared in a state. */
export interface Local {
  readonly kind: string;
  readonly declarator: Declarator;
}

export interface State {
  readonly name: string;
  /** The wait after which it goes on, or null. */
  readonly wait: Wait | null;
  readonly lines: readonly Line[];
  /** The state that it falls into at its end, or null. */
  next: State | null;
}

export interface Wait {
  readonly node: Node;
  readonly future: string;
}

export interface Field {
  readonly name: string;
  readonly type: string;
  /** The parameter that it begins as. */
  readonly param: string | null;
}

export interface TeachingMachine {
  readonly unit: Unit;
  readonly states: readonly State[];
  readonly fields: readonly Field[];
  readonly result: string;
  /** By the identifier or pattern that is declared. */
  readonly locals: ReadonlyMap<Node, Local>;
}

/** What a machine's own parts are called, which the compiler has other names for. */
export class TeachingNames extends Names {
  private readonly known = new Map([['$frame', 'this']]);

  override shared(_depth: number, wanted: string): string {
    const plain = { $at: 'state', $run: 'machine' }[wanted] ?? wanted.slice(1);
    const name = this.known.get(wanted) ?? this.fresh(plain);
    this.known.set(wanted, name);
    return name;
  }
}

/** Names that a field would take away from the future that the machine is. */
const TAKEN = ['state', 'poll', 'cancel', 'then', 'next', 'throw', 'return', 'constructor'];

/** Everything that the machines of one source share. */
export interface TeachingContext {
  readonly source: string;
  readonly lines: Lines;
  readonly program: Program;
  readonly names: TeachingNames;
  readonly diagnostics: Diagnostics;
  readonly generic: ReadonlySet<string>;
  /** What the class of futures is called in types. */
  readonly future: string;
}

/** The machine of a function; null when the function is refused. */
export function machineOf(context: TeachingContext, one: TeachingFunction): TeachingMachine | null {
  const { diagnostics, source } = context;
  const analysis = new Analysis(one.fn);
  const before = diagnostics.list.length;
  checkTeaching(one, analysis, diagnostics);
  if (diagnostics.list.length > before) return null;
  const locals = localsOf(one.fn);
  const declared = new Map<Node, Node>();
  for (const { declarator } of locals.values()) for (const id of namesIn(declarator.id)) declared.set(id, declarator);
  for (const param of one.fn.params) for (const id of namesIn(param)) declared.set(id, param);
  const types = new Types(source, analysis, declared, context);

  const everything = build(
    { ...context, diagnostics: new Diagnostics('', context.lines, false) },
    one,
    analysis,
    () => true,
  );
  const kept = outliving(everything.states, locals);
  const unit = build(context, one, analysis, (binding) => kept.has(binding));
  const fields = fieldsOf(unit.unit, types, diagnostics);
  refuseUses(one, unit.unit, diagnostics);
  for (const { wait } of unit.states)
    if (wait !== null) Object.assign(wait, { future: futureOf(wait.node, one, types, locals, context) });
  const result = resultOf(one, types, diagnostics);
  return diagnostics.list.length > before ? null : { ...unit, fields, result, locals };
}

function build(
  context: TeachingContext,
  { fn }: TeachingFunction,
  analysis: Analysis,
  lift: (binding: Binding) => boolean,
): { unit: Unit; states: State[] } {
  const { source, lines, diagnostics, names } = context;
  const marker = new MarkerNames(context.program, []);
  const file = new FileContext(source, lines, marker, diagnostics, { place: '""', backEnd: 'fields' }, names);
  const unit = new Unit(file, fn, analysis, 'fields', null);
  const { lifted } = unit.layout;
  const taken = new Set(TAKEN);
  for (const binding of lifted.keys()) {
    if (lift(binding)) {
      let name = binding.name;
      for (let at = 2; taken.has(name); at++) name = `${binding.name}${at}`;
      taken.add(name);
      lifted.set(binding, name);
    } else lifted.delete(binding);
  }
  for (const [scope] of unit.layout.iterations)
    if ([...scope.bindings.values()].every((binding) => !binding.captured || !lifted.has(binding)))
      unit.layout.iterations.delete(scope);
  file.add(unit.layout);
  explodeFunction(unit);
  // A loop without an end has no way to what comes after it.
  const never = unit.code.list.filter((line) => line.kind === 'code' && line.rope[0] === 'if (' && isTrue(line.node));
  for (const line of never) unit.code.list.splice(unit.code.list.indexOf(line), 1);
  unit.code.number();
  return { unit, states: statesOf(unit) };
}

function isTrue(node: Node | null): boolean {
  return node?.type === 'Literal' && node.value === true;
}

/** The states, in the order of the text, each with the name that jumps to it have. */
function statesOf({ code }: Unit): State[] {
  const states: (State & { lines: Line[] })[] = [{ name: 'Start', wait: null, lines: [], next: null }];
  const waits = new Map<Label, Node>();
  for (const line of code.list) if (line.kind === 'await') waits.set(line.resume, line.node);
  const names = new Map<string, number>();
  let waiting = 0;
  let ended = false;
  for (const line of code.list) {
    const current = states.at(-1) as State & { lines: Line[] };
    if (line.kind === 'label') {
      const { label } = line;
      if (label.id < 0) continue;
      const node = waits.get(label);
      const name = node === undefined ? numbered(names, nameOf(label)) : `Wait${++waiting}`;
      label.text = `{ name: '${name}' }`;
      const state = { name, wait: node === undefined ? null : { node, future: '' }, lines: [], next: null };
      if (!ended) current.next = state;
      states.push(state);
      ended = false;
    } else if (!ended) {
      current.lines.push(line);
      ended = line.kind === 'await' ? false : line.ends || endsAlways(line.node);
    }
  }
  return states;
}

function numbered(names: Map<string, number>, name: string): string {
  const count = (names.get(name) ?? 0) + 1;
  names.set(name, count);
  return count === 1 ? name : `${name}${count}`;
}

const NAMES: Readonly<Record<string, string>> = {
  else: 'Else',
  'after the if': 'AfterIf',
  'after the loop': 'AfterLoop',
  'next iteration': 'Turn',
  for: 'Loop',
  do: 'Loop',
};

function nameOf({ about, node }: Label): string {
  return about === 'next iteration' && node?.type === 'WhileStatement' ? 'Loop' : (NAMES[about] ?? 'State');
}

/** True for a statement after which nothing is reached. */
function endsAlways(node: Node | null): boolean {
  switch (node?.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return true;
    case 'BlockStatement':
      return node.body.some((one) => endsAlways(one));
    case 'IfStatement':
      return node.alternate !== null && endsAlways(node.consequent) && endsAlways(node.alternate);
    default:
      return false;
  }
}

function localsOf(fn: TeachingFunction['fn']): Map<Node, Local> {
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
function outliving(states: readonly State[], locals: ReadonlyMap<Node, Local>): Set<Binding> {
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

function fieldsOf({ layout }: Unit, types: Types, diagnostics: Diagnostics): Field[] {
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
function refuseUses({ fn }: TeachingFunction, { layout, analysis, file, code }: Unit, diagnostics: Diagnostics): void {
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

function futureOf(
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
function resultOf({ fn, name }: TeachingFunction, types: Types, diagnostics: Diagnostics): string {
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
