/** Unit: one marked function while it is compiled. */
import { Copier } from '../explode/copy.ts';
import { unnamed } from '../explode/naming.ts';
import type { Rope } from '../output/rope.ts';
import type { MarkedFunction, Node } from '../syntax/node.ts';
import type { Analysis } from '../syntax/scope.ts';
import { Code, Label, LabelUse } from './code.ts';
import type { FileContext } from './file.ts';
import { Jumps } from './jumps.ts';
import { Layout, type BackEnd, type Temp } from './layout.ts';
import { registers, type Registers } from './names.ts';

export class Unit {
  readonly code: Code = new Code();
  readonly copier: Copier;
  readonly jumps: Jumps;
  readonly layout: Layout;
  readonly registers: Registers;
  readonly file: FileContext;
  readonly fn: MarkedFunction;
  readonly analysis: Analysis;
  /** Names that lifted variables of the outermost function and those inside it have. */
  readonly kept: Set<string>;
  /** How many marked functions it is in. */
  readonly depth: number;
  private held: Temp[] = [];

  constructor(file: FileContext, fn: MarkedFunction, analysis: Analysis, backEnd: BackEnd, outer: Unit | null) {
    const depth = outer === null ? 0 : outer.depth + 1;
    const kept = outer?.kept ?? new Set();
    this.depth = depth;
    this.file = file;
    this.fn = fn;
    this.analysis = analysis;
    this.kept = kept;
    this.registers = registers(file.names, depth);
    this.layout = new Layout(fn, analysis, backEnd, this.registers, file.names, kept, depth);
    this.jumps = new Jumps(this.layout, this.registers);
    this.copier = new Copier(this);
  }

  has(node: Node | null): boolean {
    return node !== null && this.analysis.awaits.has(node);
  }

  copy(node: Node, edits?: ReadonlyMap<Node, Rope>): Rope {
    return this.copier.copy(node, edits);
  }

  /** The local name of something of the runtime's. */
  use(name: string): string {
    return this.file.runtime.use(name);
  }

  label(about: string, node: Node | null = null): Label {
    return new Label(about, node);
  }

  emit(rope: Rope, node: Node | null = null): void {
    this.code.emit(rope, node);
  }

  go(label: Label): void {
    const { at, run } = this.registers;
    this.code.emit([`${at} = `, new LabelUse(label), `; continue ${run};`], null, true);
  }

  goIf(condition: Rope, label: Label, node: Node | null = null): void {
    this.code.emit(['if (', ...condition, ') ', ...this.jumps.to(label)], node);
  }

  /** A temporary for the rest of the statement; `keep` ones are freed by their user. */
  temp(): Temp {
    const temp = this.layout.temp();
    this.held.push(temp);
    return temp;
  }

  slot(temp: Temp): string {
    return this.layout.slot(temp.name);
  }

  /** Stores a value in a new temporary, and gives how that is written. */
  save(value: Rope, node: Node | null): string {
    const slot = this.slot(this.temp());
    this.emit([`${slot} = `, ...unnamed(node, value), ';'], node);
    return slot;
  }

  /** Frees at the end what `body` has taken. */
  scratch<R>(body: () => R): R {
    const outer = this.held;
    this.held = [];
    const result = body();
    for (const temp of this.held.toReversed()) this.layout.free(temp);
    this.held = outer;
    return result;
  }
}
