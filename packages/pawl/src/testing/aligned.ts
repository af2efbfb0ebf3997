/**
 * Aligned: repeats the choices of a run, or of one that was made simpler, each kind of choice in an order of its own. So leaving one choice out does
 * not hand those after it to other questions: without a second try at a write, the tasks are still polled in the order in which they were.
 *
 * What must hold: unchanged choices repeat their run exactly, as ReplayStrategy does.
 */
import type { Strategy } from '../driver/sim/index.ts';

interface Line {
  readonly values: number[];
  next: number;
}

export class Aligned implements Strategy {
  private readonly lines = new Map<string, Line>();

  /** `kinds`: the name of the kind of each choice. */
  constructor(choices: ArrayLike<number>, kinds: readonly string[]) {
    for (let at = 0; at < choices.length; at++) {
      const kind = kinds[at]!;
      let line = this.lines.get(kind);
      if (line === undefined) this.lines.set(kind, (line = { values: [], next: 0 }));
      line.values.push(choices[at]!);
    }
  }

  choose(n: number, kind: { readonly name: string }): number {
    const line = this.lines.get(kind.name);
    const value = line?.values[line.next++] ?? 0;
    return value < n ? value : value % n;
  }

  chance(_p: number, kind: { readonly name: string }): boolean {
    return this.choose(2, kind) === 1;
  }

  pick(n: number, _p: number, kind: { readonly name: string }): number {
    return this.choose(n, kind);
  }
}
