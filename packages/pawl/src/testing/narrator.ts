/**
 * Narrator: writes down what happens in one simulation, for the report of its failure.
 *
 * What must hold: it changes nothing of the run. What the test does to its world is kept from the beginning, and so are choices other than the
 * plain ones unless there are very many; polls and arrivals only from a given turn on, because asking where a task stands costs 0.15 ms.
 */
import { SimDriver, type WorldEvent } from '../driver/sim/index.ts';
import { awaitsOf } from '../task/await-tree.ts';
import { onEnd, onPoll, onSpawn, type TaskEvent } from '../task/channels.ts';
import type { JoinHandle } from '../task/join-handle.ts';
import type { Runtime } from '../task/runtime.ts';
import { standsAt } from '../task/snapshot.ts';
import type { Task } from '../task/task.ts';
import { dumpHosts } from './hang.ts';
import type { Simulation } from './simulation.ts';
import type { TimelineEntry } from './timeline.ts';

/** Entries at the most: of more, the older half is only counted. */
const MOST = 10_000;
/** Failures of tasks whose moment is kept as a dump. */
const MOST_DUMPS = 20;

export class Narrator {
  readonly entries: TimelineEntry[] = [];
  /** Entries before them. */
  dropped = 0;
  /** The tasks of all hosts when the world failed. */
  dump = '';
  private readonly from: number;
  private readonly few: boolean;
  private readonly dumps = new Map<unknown, string>();
  private simulation: Simulation | null = null;

  /** Everything is written down from the turn `from` on, and all choices if there are no more than some thousands of them. */
  constructor(from: number, choices: number) {
    this.from = from;
    this.few = choices < MOST / 2;
  }

  /** Begins, before the world does. */
  follow(simulation: Simulation): void {
    this.simulation = simulation;
    const { sim, world } = simulation;
    const { decisions } = sim;
    const before = decisions.onDecision;
    decisions.onDecision = () => {
      before?.();
      if (!this.few && !this.close) return;
      const { kind, n, value } = decisions.at(decisions.count - 1);
      if (value > 0)
        this.add('choice', '', `${kind.name}: ${kind.name.startsWith('whether') ? 'yes' : `${value} of 0…${n - 1}`}`);
    };
    sim.onHappen = (event) => this.happens(event);
    world.onNote = (host, what) => this.add('event', host, what);
    onSpawn.subscribe(this.onSpawn);
    onPoll.subscribe(this.onPoll);
    onEnd.subscribe(this.onEnd);
  }

  /** The world has failed and still stands. */
  failed(error: unknown): void {
    const { simulation } = this;
    if (simulation !== null) this.dump = this.dumps.get(error) ?? dumpHosts(simulation.world);
  }

  /** The world is over. */
  leave(): void {
    this.simulation = null;
    onSpawn.unsubscribe(this.onSpawn);
    onPoll.unsubscribe(this.onPoll);
    onEnd.unsubscribe(this.onEnd);
  }

  private happens(event: WorldEvent): void {
    if (!this.close) return;
    const note = event.describe();
    if (note !== null) this.add('step', note.machine, note.what);
  }

  private readonly onSpawn = (message: unknown): void => {
    const { task, runtime } = message as TaskEvent;
    // Numbered from the beginning, so that every report of the run has the same numbers.
    if (this.machineOf(runtime) !== undefined) runtime.numberOf(task);
    this.task(message, 'step', 'is spawned');
  };

  private readonly onPoll = (message: unknown): void => {
    const { task } = message as TaskEvent;
    if (!task.finished) this.task(message, 'step', () => standing(task));
  };

  private readonly onEnd = (message: unknown): void => {
    const { task, runtime } = message as TaskEvent;
    const { state, outcome } = task as Task<unknown>;
    if (state === 'done') this.task(message, 'step', 'ends');
    else if (state === 'cancelled') this.task(message, 'step', 'is cancelled');
    else if (this.machineOf(runtime) !== undefined) {
      if (this.dumps.size < MOST_DUMPS && !this.dumps.has(outcome))
        this.dumps.set(outcome, dumpHosts(this.simulation!.world));
      this.task(message, 'event', `fails: ${firstLine(outcome)}`);
    }
  };

  private get close(): boolean {
    const { simulation } = this;
    return simulation !== null && simulation.sim.turns >= this.from;
  }

  /** The machine of a runtime in this world. */
  private machineOf({ driver }: Runtime): string | undefined {
    return driver instanceof SimDriver && driver.world === this.simulation?.sim ? driver.machine.name : undefined;
  }

  private task(message: unknown, kind: TimelineEntry['kind'], what: string | (() => string)): void {
    const { task, runtime } = message as TaskEvent;
    const host = this.machineOf(runtime);
    if (host === undefined || (kind === 'step' && !this.close)) return;
    const said = typeof what === 'string' ? what : what();
    this.add(kind, host, `#${runtime.numberOf(task)} ${task.name} ${said}`);
  }

  private add(kind: TimelineEntry['kind'], host: string, what: string): void {
    const { entries } = this;
    entries.push({ time: this.simulation!.sim.time, host, what, kind });
    if (entries.length >= MOST) this.dropped += entries.splice(0, MOST / 2).length;
  }
}

function standing(task: JoinHandle<unknown>): string {
  if (task.state === 'ready') return 'goes on later';
  const { body } = task as Task<unknown>;
  const leaf = awaitsOf(body, new Set()).at(-1);
  const line = standsAt(task as Task<unknown>);
  return `waits for ${leaf?.wait?.what ?? leaf?.name ?? 'something'}${line === undefined ? '' : ` at ${shortened(line)}`}`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
}

/** Files below the working directory by their path from there. */
function shortened(line: string): string {
  const here = `${process.cwd()}/`;
  return line.startsWith(here) ? line.slice(here.length) : line;
}
