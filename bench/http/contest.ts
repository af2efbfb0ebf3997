/**
 * A contest: contenders that are started together and asked in turn, round by round, for one measure after the other.
 *
 * What must hold: a round's figures belong together, so everybody runs in it, and the idle ones sleep. A contender that is absent, answers
 * wrongly or breaks leaves the contest with a note, and none of its figures count; the others go on.
 */
import { pairedRow, partialRow, type Row } from '../harness/row.ts';
import type { SuiteOptions } from '../harness/suite.ts';
import { OURS, type Start } from './contenders.ts';
import type { Bench, Figures, Launch, Measure, Runner } from './runner.ts';

type Fields = ReadonlyMap<Measure, Field>;
type Leave = (name: string, measures: readonly Measure[], reason: string) => void;

/**
 * Warm-up runs go on until a contender has used so much CPU time, in equal parts for the measures: JavaScript gets faster through its first second, and on a
 * busy machine a second of CPU time takes longer. In a quick run those that no bound is about have half of that and one round only.
 */
const PLANS = {
  full: { generations: 3, rounds: 4, runMs: 400, warmUpMs: 500, warmUpCpuMs: 2500 },
  quick: { generations: 1, rounds: 3, runMs: 200, warmUpMs: 300, warmUpCpuMs: 1000 },
};
/** How much longer than its CPU time a warm-up may last. */
const WARM_UP_PATIENCE = 2;

export interface Contest {
  readonly starts: Readonly<Record<string, Start>>;
  readonly measures: readonly Measure[];
  readonly launch: Launch;
}

/** Who takes part in a measure, and with which figures. */
class Field {
  readonly #names: Set<string>;
  readonly #figures = new Map<string, Figures[]>();

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  leave(name: string): void {
    this.#names.delete(name);
    this.#figures.delete(name);
  }

  add(name: string, figures: Figures): void {
    const list = this.#figures.get(name);
    if (list === undefined) this.#figures.set(name, [figures]);
    else list.push(figures);
  }

  of(name: string): readonly Figures[] {
    return this.#figures.get(name) ?? [];
  }
}

export async function runContest(suite: string, bench: Bench, contest: Contest, options: SuiteOptions): Promise<Row[]> {
  const { generations, rounds, runMs, warmUpMs, warmUpCpuMs } = PLANS[options.quick ? 'quick' : 'full'];
  const names = Object.keys(contest.starts);
  const bounded = new Set([OURS, ...contest.measures.flatMap(({ bounds }) => Object.keys(bounds))]);
  const fields: Fields = new Map(contest.measures.map((measure) => [measure, new Field(names)]));
  const leave: Leave = (name, measures, reason) => {
    for (const measure of measures) fields.get(measure)!.leave(name);
    options.note(`${name} was not measured (${measures.map(({ title }) => title).join('; ')}): ${reason}`);
  };
  for (let generation = 0; generation < generations; generation++) {
    await using stack = new AsyncDisposableStack();
    const runners = await launchAll(bench, contest, fields, leave, stack);
    /** Each in turn, who takes part in it. */
    const turn = async (measure: Measure, one: (name: string, runner: Runner) => Promise<void>): Promise<void> => {
      for (const [name, runner] of runners) {
        if (!fields.get(measure)!.has(name)) continue;
        try {
          await one(name, runner);
        } catch (error) {
          leave(name, [measure], (error as Error).message);
        }
      }
    };
    for (const measure of contest.measures) {
      options.progress(`${measure.title}, warming up`);
      await turn(measure, async (name, runner) => {
        let left = (bounded.has(name) || !options.quick ? warmUpCpuMs : warmUpCpuMs / 2) / contest.measures.length;
        const end = performance.now() + left * WARM_UP_PATIENCE;
        while (left > 0 && performance.now() < end) left -= (await runner.run(measure, warmUpMs)).cpu / 1e6;
      });
    }
    for (const measure of contest.measures) {
      for (let round = 0; round < rounds; round++) {
        options.progress(`${measure.title}, ${generation * rounds + round + 1} of ${generations * rounds}`);
        await turn(measure, async (name, runner) => {
          if (round === 0 || bounded.has(name) || !options.quick)
            fields.get(measure)!.add(name, await runner.run(measure, runMs));
        });
      }
    }
  }
  return contest.measures.flatMap((measure) => rowsOf(suite, measure, names, fields.get(measure)!));
}

/** Starts everybody who takes part at once, and lets each answer before the first is timed. */
async function launchAll(
  bench: Bench,
  { starts, measures, launch }: Contest,
  fields: Fields,
  leave: Leave,
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Runner>> {
  const entrants = Object.entries(starts).map(([name, start]) => ({
    name,
    start,
    open: measures.filter((measure) => fields.get(measure)!.has(name)),
  }));
  const runners = new Map<string, Runner>();
  const launched = entrants
    .filter(({ open }) => open.length > 0)
    .map(async ({ name, start, open }) => {
      if ('absent' in start) return leave(name, open, start.absent);
      try {
        runners.set(name, stack.use(await launch(bench, name, start.command())));
      } catch (error) {
        leave(name, open, (error as Error).message);
      }
    });
  await Promise.all(launched);
  for (const { name, open } of entrants) {
    for (const measure of open) {
      try {
        await runners.get(name)?.check(measure);
      } catch (error) {
        leave(name, [measure], (error as Error).message);
      }
    }
  }
  // In the order of the table, whoever was first to start.
  return new Map(Object.keys(starts).flatMap((name) => (runners.has(name) ? [[name, runners.get(name)!]] : [])));
}

function rowsOf(suite: string, { title, bounds }: Measure, names: readonly string[], field: Field): Row[] {
  const ours = field.of(OURS);
  return names
    .filter((peer) => peer !== OURS)
    .flatMap((peer) => {
      const theirs = field.of(peer);
      const bound = bounds[peer];
      const row = (
        unit: string,
        figure: (figures: Figures) => number,
        extra: { readonly bound?: number } = {},
      ): Row => {
        const identity = { suite, measure: title, unit, peer, ...extra };
        const make = ours.length > 0 && theirs.length > 0 ? pairedRow : partialRow;
        return make(identity, ours.map(figure), theirs.map(figure));
      };
      return [
        row('µs CPU', ({ cpu, requests }) => cpu / requests / 1000, bound === undefined ? {} : { bound }),
        row('µs p99', ({ p99 }) => p99 / 1000),
      ];
    });
}
