/** One contender alone under the suite's load, for profiles: see `suite.ts`. */
import { parseArgs } from 'node:util';
import { findPin, Programs } from '../harness/machine.ts';
import { contests } from './contests.ts';
import { installPeers } from './peers.ts';
import type { Measure, Runner } from './runner.ts';

const MS = 1000;

const separator = process.argv.indexOf('--');
const args = process.argv.slice(2, separator === -1 ? undefined : separator);
const flags = separator === -1 ? [] : process.argv.slice(separator + 1);
const { values, positionals } = parseArgs({
  args,
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '5' }, measure: { type: 'string', default: 'all' } },
});

const programs = Programs.compile(import.meta.url);
if (typeof programs === 'string') throw new Error(programs);
using _clean = programs;
const bench = { programs, pin: findPin().pin };
const all: Record<string, ReturnType<typeof contests>['direct']> = contests(bench);
const [name = '', contender = ''] = positionals;
const contest = all[name];
const seconds = Number(values.seconds);
if (contest === undefined) refuse(`the first argument is one of ${Object.keys(all).join(' | ')}`);
else if (!Object.hasOwn(contest.starts, contender))
  refuse(`the second is one of ${Object.keys(contest.starts).join(' | ')}`);
else if (!(seconds >= 1 && seconds <= 60)) refuse('--seconds is from 1 to 60');
else if (values.measure !== 'all' && contest.measures[Number(values.measure) - 1] === undefined)
  refuse(`--measure is from 1 to ${contest.measures.length}`);
else {
  try {
    await measure(contest, contender);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

async function measure({ launch, measures }: NonNullable<typeof contest>, contender: string): Promise<void> {
  const failure = installPeers(console.error);
  if (failure !== undefined) console.error(failure);
  const start = contests(bench)[name as 'direct'].starts[contender]!;
  if ('absent' in start) return refuse(start.absent);
  await using runner = await launch(bench, contender, start.command(flags));
  const which = Number(values.measure) - 1;
  for (const measure of values.measure === 'all' ? measures : measures.slice(which, which + 1)) {
    await runner.check(measure);
    await runFor(runner, measure);
  }
  await runner.finish();
}

/** A figure a second, so that warming up is seen. */
async function runFor(runner: Runner, measure: Measure): Promise<void> {
  console.log(measure.title);
  for (let i = 0; i < seconds; i++) {
    const { requests, cpu, user, wall, p99 } = await runner.run(measure, MS);
    const [each, ours] = [cpu, user].map((time) => (time / requests / 1000).toFixed(2));
    const rate = Math.round((requests / wall) * 1e9);
    console.log(`  ${each} µs CPU (${ours} in user mode), p99 ${Math.round(p99 / 1000)} µs, ${rate} a second`);
  }
}

function refuse(reason: string): void {
  console.error(`usage: one.ts CONTEST CONTENDER [--measure N] [--seconds N] [-- FLAG…]: ${reason}`);
  process.exitCode = 2;
}
