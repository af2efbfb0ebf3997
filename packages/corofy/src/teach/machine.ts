/**
 * The machine of one function of the teaching syntax: its states, and the variables that outlive them.
 *
 * What must hold: it is the compiler's own intermediate form, read with names for its labels. A variable that is used in one state alone stays
 * a variable of that state; any other is a field.
 */
import type { Program } from 'oxc-parser';
import { Diagnostics } from '../diagnostics.ts';
import { explodeFunction } from '../explode/statements.ts';
import type { Instruction, Label } from '../machine/code.ts';
import { FileContext } from '../machine/file.ts';
import { Names } from '../machine/names.ts';
import { Unit } from '../machine/unit.ts';
import type { Lines } from '../lines.ts';
import { namesIn } from '../syntax/declared.ts';
import { MarkerNames } from '../syntax/marker.ts';
import type { Node } from '../syntax/node.ts';
import { Analysis, type Binding } from '../syntax/scope.ts';
import { checkTeaching } from './check.ts';
import type { TeachingFunction } from './read.ts';
import { Types } from './types.ts';
import { fieldsOf, futureOf, localsOf, outliving, refuseUses, resultOf } from './variables.ts';

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
