/**
 * Alternating rounds: every contender of a measure runs once a round, A B A B, so that round `i` of each was taken next to the others'.
 *
 * Several generations of processes, because a process's own luck (addresses, what the optimising compiler saw first) moves its figures
 * more than rounds within it differ. The rounds of all generations are one list.
 */
import { type Mode, MeasuringProcess } from './child.ts';
import type { Assignment, Sample } from './measure.ts';

export interface Contender extends Assignment {
  readonly name: string;
  readonly mode: Mode;
}

export interface Plan {
  /** Generations of processes. */
  readonly generations: number;
  /** Rounds in each generation. */
  readonly rounds: number;
  /** A generation starts no further round after this long, once it has three: a slow or busy machine gets fewer rounds, not a longer run. */
  readonly limitMs: number;
}

const LEAST_ROUNDS = 3;

/** Each contender's samples, by its name, in the order of the rounds. */
export type Series = ReadonlyMap<string, readonly Sample[]>;

/** Runs the contenders against each other, and appends to an earlier series if one is given; who is missing now keeps its samples. */
export async function alternate(contenders: readonly Contender[], plan: Plan, earlier?: Series): Promise<Series> {
  const series = new Map<string, Sample[]>();
  for (const [name, samples] of earlier ?? []) series.set(name, [...samples]);
  for (const { name } of contenders) if (!series.has(name)) series.set(name, []);
  for (let generation = 0; generation < plan.generations; generation++) {
    await using processes = new AsyncDisposableStack();
    // Warmed up all at once: nothing is measured meanwhile.
    const started = contenders.map((contender): [string, MeasuringProcess] => [
      contender.name,
      processes.use(new MeasuringProcess(contender, contender.mode)),
    ]);
    await Promise.all(started.map(([, measuring]) => measuring.ready()));
    const end = performance.now() + plan.limitMs;
    for (let round = 0; round < plan.rounds && (round < LEAST_ROUNDS || performance.now() < end); round++) {
      for (const [name, measuring] of started) series.get(name)!.push(await measuring.sample());
    }
  }
  return series;
}
