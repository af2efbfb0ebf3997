/**
 * Code: the intermediate form of one function: straight-line statements, labels, and awaits.
 *
 * What must hold: each label belongs to one region, which is set where the label is reached, never where the jump begins. An await names
 * the label at which its value is taken up.
 */
import type { Node } from '../syntax/node.ts';
import { eachLate, type Late, type Rope } from '../output/rope.ts';

/** What guards a stretch of code: where an error goes, and where a return goes on its way out. */
export interface Region {
  readonly handler: Label;
  /** Null for a `catch`, which a return does not pass through. */
  readonly returned: Label | null;
  readonly parent: Region | null;
}

export class Label {
  /** Its state's number; -1 while nothing jumps here. */
  id = -1;
  region: Region | null = null;
  /** How a jump writes it; by default its number. */
  text: string | null = null;
  /** What the state is about, for its comment. */
  readonly about: string;
  readonly node: Node | null;

  constructor(about: string, node: Node | null) {
    this.about = about;
    this.node = node;
  }
}

/** A label's number in a rope. */
export class LabelUse implements Late {
  readonly label: Label;

  constructor(label: Label) {
    this.label = label;
  }

  resolve(): Rope {
    return [this.label.text ?? String(this.label.id)];
  }
}

export type Instruction =
  | { readonly kind: 'label'; readonly label: Label }
  | {
      readonly kind: 'code';
      readonly rope: Rope;
      readonly node: Node | null;
      readonly ends: boolean;
      readonly region: Region | null;
    }
  | {
      readonly kind: 'await';
      readonly operand: Rope;
      readonly node: Node;
      readonly resume: Label;
      readonly region: Region | null;
    };

/** Where a return out of a region goes first. */
export function returnedOf(region: Region | null): Label | null {
  for (let at = region; at !== null; at = at.parent) if (at.returned !== null) return at.returned;
  return null;
}

export class Code {
  readonly list: Instruction[] = [];
  region: Region | null = null;
  guarded = false;
  private dead = false;

  /** Code from here on is reached by falling or jumping to the label. */
  mark(label: Label): void {
    label.region = this.region;
    this.dead = false;
    this.list.push({ kind: 'label', label });
  }

  emit(rope: Rope, node: Node | null, ends = false): void {
    if (this.dead) return;
    this.list.push({ kind: 'code', rope, node, ends, region: this.region });
    this.dead = ends;
  }

  await(operand: Rope, node: Node, about: string): void {
    if (this.dead) return;
    const resume = new Label(about, node);
    this.list.push({ kind: 'await', operand, node, resume, region: this.region });
    this.mark(resume);
  }

  /** Runs `body` with a region around it. */
  within(region: Region, body: () => void): void {
    const outer = this.region;
    this.region = region;
    this.guarded = true;
    body();
    this.region = outer;
  }

  /** Numbers the labels that are jumped to, in order; 0 is the beginning. */
  number(): void {
    const wanted = new Set<Label>();
    for (const one of this.list) {
      if (one.kind === 'label') continue;
      const rope = one.kind === 'code' ? one.rope : one.operand;
      eachLate(rope, (late) => {
        if (late instanceof LabelUse) wanted.add(late.label);
      });
      if (one.region !== null) wanted.add(one.region.handler);
      if (one.kind !== 'await') continue;
      wanted.add(one.resume);
      const returned = returnedOf(one.region);
      if (returned !== null) wanted.add(returned);
    }
    let id = 0;
    for (const one of this.list) if (one.kind === 'label' && wanted.has(one.label)) one.label.id = ++id;
  }
}
