/**
 * The measuring process: loads one implementation, warms one measure up, and runs it once for each message it receives.
 *
 * One process for each implementation and measure, because shapes, inline caches and type feedback of one would change the other.
 *
 * CPU time is that of all threads: V8 hands garbage collection to helpers, and a measure that leaves much garbage pays for it there. The
 * concurrent compiler's share is gone once a measure is warm. The main thread's own time is reported too, for whoever looks closer.
 */
import type { Assignment, Implementation, Measure, Report, Sample } from './measure.ts';

/** Runs that a warm-up takes at the least, and how much longer than its CPU time it may last on a busy machine. */
const WARM_UP_RUNS = 4;
const WARM_UP_PATIENCE = 4;
const ROUSE_MS = 25;

const assignment = JSON.parse(process.argv[2] ?? 'null') as Assignment;
const collect = globalThis.gc;
if (collect === undefined) throw new Error('the measuring process needs --expose-gc');

const { default: implementation } = (await import(assignment.module)) as { default: Implementation };
const measure = implementation[assignment.measure];
if (measure === undefined) throw new Error(`${assignment.module} has no measure ${assignment.measure}`);

if (assignment.kind === 'time') await warmUp(measure);
process.on('message', () => {
  void respond(measure);
});
send({ ready: true });

async function respond(run: Measure): Promise<void> {
  if (assignment.kind === 'time') rouse();
  send({ sample: assignment.kind === 'time' ? await time(run) : await weigh(run) });
}

/** A core that has slept while others had their turn runs at two thirds of its speed at first: 9 to 16 ns an await instead of 6 to 8. */
function rouse(): void {
  const end = performance.now() + ROUSE_MS;
  while (performance.now() < end);
}

/**
 * Counted in CPU time, because contenders warm up side by side; not ended when a figure seems stable, because V8's middle tier is a plateau of
 * its own: a ping-pong stays on it for two seconds, at one and a half times its final cost.
 */
async function warmUp(run: Measure): Promise<void> {
  const { warmUpMs = 1000 } = assignment;
  const end = performance.now() + warmUpMs * WARM_UP_PATIENCE;
  const { user, system } = process.threadCpuUsage();
  for (let runs = 1; performance.now() < end; runs++) {
    await time(run);
    const spent = process.threadCpuUsage();
    if (runs >= WARM_UP_RUNS && spent.user + spent.system - user - system > warmUpMs * 1000) return;
  }
}

async function time(run: Measure): Promise<Sample> {
  const { n, repeat, operations, expected } = assignment;
  const wallStart = process.hrtime.bigint();
  const threadStart = process.threadCpuUsage();
  const cpuStart = process.cpuUsage();
  for (let i = 0; i < repeat; i++) check(await run(n, { weigh() {} }), expected);
  const cpu = process.cpuUsage(cpuStart);
  const thread = process.threadCpuUsage(threadStart);
  const wall = Number(process.hrtime.bigint() - wallStart);
  return {
    cpu: ((cpu.user + cpu.system) * 1000) / operations,
    thread: ((thread.user + thread.system) * 1000) / operations,
    wall: wall / operations,
    bytes: 0,
  };
}

/**
 * What the population keeps alive, V8's heap and memory that it holds outside (typed arrays): moving memory out must not look like saving
 * it. A small population first, so that compiled code and feedback are in the baseline.
 */
async function weigh(run: Measure): Promise<Sample> {
  await run(1000, { weigh() {} });
  let bytes = NaN;
  const before = retained();
  const value = await run(assignment.n, {
    weigh() {
      bytes = (retained() - before) / assignment.operations;
    },
  });
  check(value, assignment.expected);
  return { cpu: 0, thread: 0, wall: 0, bytes };
}

function retained(): number {
  // Twice: weak references and finalizers that the first collection cleared release memory to the second.
  collect!();
  collect!();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function check(value: number, expected: number): void {
  if (value !== expected) throw new Error(`${assignment.measure} returned ${value}, expected ${expected}`);
}

function send(report: Report): void {
  process.send!(report);
}
