/**
 * Layout: where each variable of a compiled function lives between two polls.
 *
 * What must hold: a variable whose scope has been taken apart is lifted out of its block, to a variable that the step closes over or to a
 * field of the coroutine. What a closure captures of a loop's iteration lives in an object of that iteration.
 */
import { children, isFunction, type MarkedFunction, type Node } from '../syntax/node.ts';
import type { Analysis, Binding, Scope, Use } from '../syntax/scope.ts';
import type { Late, Rope } from '../output/rope.ts';
import type { Names, Registers } from './names.ts';

export type BackEnd = 'closure' | 'fields';

/** The object that holds what closures capture of one iteration. */
export interface Iteration {
  readonly scope: Scope;
  /** Where the machine keeps it. */
  readonly name: string;
  /** What the block around a closure calls it. */
  readonly inner: string;
}

/** A temporary that outlives an await. */
export interface Temp {
  readonly name: string;
}

export class Layout {
  readonly backEnd: BackEnd;
  readonly temps: Temp[] = [];
  private readonly unused: Temp[] = [];
  /** In the order of their declaration. */
  readonly lifted: Map<Binding, string> = new Map();
  readonly iterations: Map<Scope, Iteration> = new Map();
  private readonly scopes = new Set<Node>();
  private readonly registers: Registers;
  private readonly names: Names;
  private readonly depth: number;

  constructor(
    fn: MarkedFunction,
    analysis: Analysis,
    backEnd: BackEnd,
    registers: Registers,
    names: Names,
    kept: Set<string>,
    depth: number,
  ) {
    this.backEnd = backEnd;
    this.depth = depth;
    this.registers = registers;
    this.names = names;
    const { body } = fn;
    const looping = new Set<Node>();
    const collect = (node: Node, inLoop: boolean): void => {
      if (!analysis.awaits.has(node)) return;
      this.scopes.add(node);
      const loop = inLoop || /^(?:For|While|DoWhile)\w*Statement$/.test(node.type);
      if (loop) looping.add(node);
      if (node.type === 'TryStatement' && node.handler !== null) {
        this.scopes.add(node.handler);
        if (loop) looping.add(node.handler);
      }
      for (const child of children(node)) if (!isFunction(child)) collect(child, loop);
    };
    if (body?.type === 'BlockStatement') for (const one of body.body) collect(one, false);
    for (const [node, scope] of analysis.scopes) {
      if (scope.fn !== fn || scope.node !== node) continue;
      const own = node === fn || node === body;
      if (!own && !this.scopes.has(node)) continue;
      for (const binding of scope.bindings.values()) {
        const { kind, name, captured } = binding;
        if (kind === 'self' || (kind === 'param' && backEnd === 'closure')) continue;
        if (captured && looping.has(node)) this.iterate(scope);
        this.lifted.set(binding, backEnd === 'fields' ? `$${name}` : this.keep(name, binding, analysis, kept));
      }
    }
    if (backEnd === 'fields') this.separate();
  }

  /** Its own name when no other variable of that name could be meant. */
  private keep(name: string, binding: Binding, analysis: Analysis, kept: Set<string>): string {
    const clash =
      kept.has(name) ||
      analysis.free.has(name) ||
      (binding.scope.parent?.find(name) ?? null) !== null ||
      isReserved(name);
    kept.add(name);
    return clash ? this.names.fresh(`${name}$2`) : name;
  }

  /** Fields have one name space. */
  private separate(): void {
    const seen = new Set<string>();
    for (const [binding, name] of this.lifted) {
      let unique = name;
      for (let at = 2; seen.has(unique); at++) unique = `${name}$${at}`;
      seen.add(unique);
      this.lifted.set(binding, unique);
    }
  }

  private iterate(scope: Scope): void {
    if (this.iterations.has(scope)) return;
    this.iterations.set(scope, { scope, name: this.names.fresh('$each'), inner: this.names.fresh('$own') });
  }

  isLifted(binding: Binding): boolean {
    return this.lifted.has(binding);
  }

  /** The iteration object that holds the binding, if one does. */
  iterationOf(binding: Binding): Iteration | null {
    return binding.captured && binding.kind !== 'var' ? (this.iterations.get(binding.scope) ?? null) : null;
  }

  temp(): Temp {
    const free = this.unused.pop();
    if (free !== undefined) return free;
    const number = this.temps.length + 1;
    const temp = { name: this.backEnd === 'fields' ? `$${number}` : this.names.shared(this.depth, `$t${number}`) };
    this.temps.push(temp);
    return temp;
  }

  /** A temporary that nothing will read any more. */
  free(temp: Temp): void {
    this.unused.push(temp);
  }

  /** How something of the machine's own is written. */
  slot(name: string): string {
    return this.backEnd === 'fields' ? `${this.registers.frame}.${name}` : name;
  }

  /** A lifted variable as it is written where it is used. */
  write(binding: Binding, inner: boolean): string {
    const iteration = this.iterationOf(binding);
    if (iteration !== null) return `${inner ? iteration.inner : this.slot(iteration.name)}.${binding.name}`;
    return this.slot(this.lifted.get(binding) as string);
  }

  /** True when a call of it would hand over a `this`. */
  hasOwner(binding: Binding): boolean {
    return this.backEnd === 'fields' || this.iterationOf(binding) !== null;
  }
}

/** A use of a lifted variable in a piece of the source. */
export class VariableUse implements Late {
  readonly captures?: object;
  private readonly layout: Layout;
  readonly use: Use;

  constructor(layout: Layout, use: Use) {
    this.layout = layout;
    this.use = use;
    const iteration = layout.iterationOf(use.binding);
    if (iteration !== null && use.within !== null) this.captures = iteration;
  }

  resolve(): Rope {
    const { binding, node, within } = this.use;
    return [{ text: this.layout.write(binding, within !== null), at: node.start }];
  }
}

/** Names that a variable cannot have where it stands beside the machine's own. */
function isReserved(name: string): boolean {
  return name === 'arguments' || name === 'this';
}
