/**
 * Shrink: from a run that fails to a simpler one that fails in the same way.
 *
 * What must hold:
 * - Each step makes the world again with fewer choices other than the plain one, or smaller ones, and is kept only if it fails alike; what is
 *   kept is what that run was really asked, so that the result is a run that has been made.
 * - It ends: what is kept is always simpler than what was before, and the bounds of runs and time hold (by one run).
 */
import { clock } from '../driver/native/platform.ts';
import type { Decisions, Strategy } from '../driver/sim/index.ts';
import { Aligned } from './aligned.ts';
import type { Plan } from './runs.ts';
import { trimmed } from './schedule.ts';
import type { Simulation } from './simulation.ts';

/** How much may be spent on making a failed run simpler. */
export interface ShrinkOptions {
  /** Runs. Default 1000. */
  readonly runs?: number;
  /** Milliseconds of real time. Default 10,000. */
  readonly time?: number;
}

/** A failure by what stays the same when the same fault shows in another run: its name and code, and the words of its first line. */
export function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return `${typeof error} ${String(error)}`;
  const { name, message, code = '' } = error as Error & { readonly code?: unknown };
  // Dumps and cycles differ from run to run.
  if (code === 'DEADLOCK') return `${name} ${code}`;
  const [first = ''] = message.split('\n', 1);
  return `${name} ${String(code)} ${first.replaceAll(/-?\d+(?:\.\d+)?/g, '#')}`;
}

/** What has become of a failed run. */
export interface Shrunk {
  readonly choices: Uint32Array;
  /** Turns of that run. */
  readonly turns: number;
  /** Choices other than 0, before and after. */
  readonly from: number;
  readonly to: number;
  readonly runs: number;
  /** Whether nothing simpler was found, rather than the bounds reached. */
  readonly done: boolean;
}

/** `make` makes the world with somebody's choices. */
export function* shrink(
  failed: Simulation,
  make: (answers: Strategy) => Simulation,
  { runs: most = 1000, time = 10_000 }: ShrinkOptions = {},
): Plan<Shrunk> {
  const kind = kindOf(failed.outcome?.error);
  const until = clock() + time;
  let best = Candidate.of(failed.sim.decisions);
  let { turns } = failed.sim;
  const from = best.places.length;
  let runs = 0;
  const exhausted = (): boolean => runs >= most || clock() >= until;

  /** Whether that fails alike, and simpler: it is the best one then. */
  function* attempt(choices: Uint32Array): Plan<boolean> {
    if (exhausted()) return false;
    runs++;
    const simulation = make(new Aligned(choices, best.kindNames));
    yield simulation;
    const { outcome, sim } = simulation;
    if (outcome?.failed !== true || kindOf(outcome.error) !== kind) return false;
    const found = Candidate.of(sim.decisions);
    if (!found.simplerThan(best)) return false;
    best = found;
    turns = sim.turns;
    return true;
  }

  yield* attempt(new Uint32Array(0));
  for (const name of best.kinds) yield* attempt(best.without((at) => best.kindAt(at) === name));
  for (let simplest: Candidate | null = null; simplest !== best && best.places.length > 0 && !exhausted();) {
    simplest = best;
    // The tail, half by half; then ranges, from large ones to single choices (Zeller and Hildebrandt's delta debugging, 2002).
    for (
      let kept = best.places.length >> 1;
      kept < best.places.length && !exhausted();
      kept += Math.ceil((best.places.length - kept) / 2)
    ) {
      if (yield* attempt(best.until(kept))) kept = best.places.length >> 1;
    }
    for (let size = best.places.length >> 1; size >= 1; size >>= 1) {
      for (let end = best.places.length; end > 0 && !exhausted(); end -= size) {
        const range = new Set(best.places.slice(Math.max(end - size, 0), end));
        yield* attempt(best.without((at) => range.has(at)));
        end = Math.min(end, best.places.length);
      }
    }
    for (let index = best.places.length - 1; index >= 0 && !exhausted(); index--) {
      const value = (): number => best.choices[best.places[index] ?? -1] ?? 0;
      for (let lower = 1; lower < value() && !exhausted(); lower += Math.ceil((value() - lower) / 2))
        if (yield* attempt(best.lowered(index, lower))) break;
    }
  }
  return { choices: best.choices, turns, from, to: best.places.length, runs, done: !exhausted() };
}

/** Choices of a run that fails. */
class Candidate {
  readonly choices: Uint32Array;
  /** Where they are not 0. */
  readonly places: readonly number[];
  readonly kindNames: readonly string[];
  private readonly sum: number;

  private constructor(choices: Uint32Array, kindNames: readonly string[]) {
    this.choices = choices;
    this.kindNames = kindNames;
    this.places = [...choices.keys()].filter((at) => choices[at]! > 0);
    this.sum = choices.reduce((sum, value) => sum + value, 0);
  }

  static of(decisions: Decisions): Candidate {
    const choices = trimmed(decisions.record());
    return new Candidate(
      choices,
      Array.from(choices, (_, at) => decisions.at(at).kind.name),
    );
  }

  kindAt(at: number): string {
    return this.kindNames[at]!;
  }

  /** What the choices that are not 0 are about, the most frequent first. */
  get kinds(): string[] {
    const counts = new Map<string, number>();
    for (const at of this.places) counts.set(this.kindAt(at), (counts.get(this.kindAt(at)) ?? 0) + 1);
    return [...counts.keys()].toSorted((a, b) => counts.get(b)! - counts.get(a)!);
  }

  simplerThan(other: Candidate): boolean {
    if (this.places.length !== other.places.length) return this.places.length < other.places.length;
    if (this.sum !== other.sum) return this.sum < other.sum;
    return this.choices.length < other.choices.length;
  }

  without(drop: (at: number) => boolean): Uint32Array {
    return this.choices.map((value, at) => (value > 0 && drop(at) ? 0 : value));
  }

  /** The first so many choices that are not 0. */
  until(count: number): Uint32Array {
    return this.choices.slice(0, count === 0 ? 0 : this.places[count - 1]! + 1);
  }

  lowered(index: number, value: number): Uint32Array {
    const choices = this.choices.slice();
    choices[this.places[index]!] = value;
    return choices;
  }
}
