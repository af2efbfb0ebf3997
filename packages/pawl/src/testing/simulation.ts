/**
 * Simulation: one run of a test's function in the world of one seed.
 *
 * What must hold:
 * - It is entered from a macrotask, in slices. Before time moves on all promises' microtasks have run, so that code with promises works, and
 *   always in the same order.
 * - Nothing but the world itself moves it. What wakes one of its tasks from outside (a file, a timer of Node's) fails it with
 *   SIM_REAL_WORLD: it could not be repeated.
 * - The first failure ends it: of the test's function, a host's program or an invariant; a hang; time or turns beyond the limits.
 */
import { drainTicks, nextTick, clock } from '../driver/native/platform.ts';
import { type Freedoms, type LinkOptions, type SimDriver, SimWorld, type Strategy } from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';
import { type Body, start } from '../future/coroutine.ts';
import type { Report } from '../task/report.ts';
import type { Mode } from '../task/runtime.ts';
import { dumpHosts, hang } from './hang.ts';
import type { Host } from './host.ts';
import { enter, type Place } from './inside.ts';
import { Misbehaviour } from './misbehaviour.ts';
import type { Narrator } from './narrator.ts';
import { freedomsOf, type Picks, strategyFor, strategyOf, type StrategyName } from './strategies.ts';
import { Trace } from './trace.ts';
import { World, type NamedInvariant } from './world.ts';

/** Bounds of one world: a program that goes beyond them fails with SIM_LIMIT. */
export interface SimLimits {
  /** Milliseconds of the world's time. Default: an hour. */
  readonly time?: number;
  /** Turns of its runtimes. Default: ten million. */
  readonly turns?: number;
}

/** How the worlds of a {@link simulate} are made. */
export interface WorldOptions {
  /**
   * Who makes the choices of a world. `'random'`: a coin at each. `'pct'`: tasks have priorities, which change at few places, so that one is
   * left behind for long: this finds what takes a particular order of few things. `'exhaustive'`: all orders, one after another. Default:
   * `'pct'` for even seeds and `'random'` for odd ones, which together find most.
   */
  readonly strategy?: StrategyName;
  /** Of `'pct'`: how many things must happen in one particular order for what is looked for, 1 or more. Default: 1 to 4, by the seed. */
  readonly depth?: number;
  /** How often the kernel does what it may. Default: a swarm, each seed with others. `'plain'`: never. */
  readonly freedoms?: Partial<Freedoms> | 'plain';
  /** Of every link between two hosts that the test does not set. Default: 0.5 to 2 ms, as much as comes. */
  readonly link?: LinkOptions;
  readonly limits?: SimLimits;
  /** Of the hosts' runtimes. Default: production, which is faster; development finds more. */
  readonly mode?: Mode;
  /** Told what the hosts' runtimes report. */
  readonly onReport?: (report: Report, host: Host) => void;
}

/** The test's function. */
export type Scenario = Body<[World], unknown>;

/** Reports that are kept. */
const MOST_REPORTS = 10;

/** What one simulation is of. */
export interface SimulationTerms {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly options: WorldOptions;
  /** The choices to repeat, or who makes them, instead of the strategy. */
  readonly replay?: ArrayLike<number> | Strategy | undefined;
  /** Keeps a trace, and looks around at this place of it; -1 for nowhere. */
  readonly lookAt?: number | undefined;
  /** Told what happens. */
  readonly narrator?: Narrator;
}

/** Of an invariant that cannot be asked between two polls. */
const WAITS = 'it is checked at once, and cannot be an async or a generator function, or return a promise';

/** Steps after which microtasks run although tasks are ready. */
const RESTLESS = 1024;

export class Simulation {
  readonly sim: SimWorld;
  readonly world: World;
  readonly misbehaviour: Misbehaviour;
  /** It is over: the first failure, or none. */
  outcome: { readonly failed: boolean; readonly error: unknown } | null = null;
  /** Where the run is compared with others. */
  readonly trace: Trace | null;
  private readonly main: Host;
  private readonly narrator: Narrator | null;
  private readonly limits: Required<SimLimits>;
  private readonly drains: boolean;
  /** Microtasks have run since the last step. */
  private rested = false;
  private steps = 0;
  /** What the hosts' runtimes have reported, but for the cycles of waiters. */
  readonly reports: string[] = [];
  private readonly cycles: string[] = [];

  constructor({ seed, scenario, options, replay, lookAt, narrator }: SimulationTerms) {
    const { link = {}, limits = {}, mode = 'production', onReport } = options;
    const picks: Picks = { ...options, seed, strategy: strategyOf(seed, options) };
    this.limits = { time: limits.time ?? 3_600_000, turns: limits.turns ?? 10_000_000 };
    this.sim = new SimWorld({
      seed,
      link,
      freedoms: freedomsOf(picks),
      strategy: strategyFor(picks, replay),
    });
    this.misbehaviour = new Misbehaviour(this.sim.decisions, seed);
    // A priority that changes within a turn must take effect there.
    this.sim.singly = picks.strategy !== 'random';
    this.trace = lookAt === undefined ? null : new Trace(this.sim, lookAt, () => dumpHosts(this.world));
    this.drains = canDrain();
    const places = new WeakMap<SimDriver, Place>();
    this.sim.enter = (driver, turn, client, limit) => {
      let place = places.get(driver);
      if (place === undefined) places.set(driver, (place = { driver, simulation: this }));
      return enter(place, turn, client, limit);
    };
    this.world = new World(this.sim, {
      mode,
      onReport: (report, host) => {
        if (report.code === 'DEADLOCK') this.cycles.push(report.message);
        else if (this.reports.length < MOST_REPORTS) this.reports.push(`host "${host.name}": ${report.message}`);
        onReport?.(report, host);
      },
      onEnd: (host, ...error) => {
        if (error.length > 0) this.fail(error[0]);
        else if (host === this.main) this.succeed();
      },
    });
    const { world } = this;
    this.narrator = narrator ?? null;
    narrator?.follow(this);
    this.main = world.host('main', () => start(scenario, world));
    if (this.drains) {
      this.sim.open = false;
      this.sim.onTrespass = (name) => this.trespassed(name);
    }
  }

  /**
   * Moves the world until the real clock shows `until`, or somewhat longer: it stops only where microtasks have just run, so that where it
   * stops makes no difference. True when the world is over. Called by a macrotask.
   */
  slice(until: number): boolean {
    const { sim } = this;
    sim.open = true;
    try {
      while (this.outcome === null) {
        if (this.move() && (this.rest() || clock() >= until)) return this.outcome !== null;
      }
      return true;
    } catch (error) {
      // Of the simulation itself: no program's failure gets here.
      this.fail(error);
      return true;
    } finally {
      sim.open = !this.drains;
    }
  }

  /** One step of the world, or of its time. True when it is time for the microtasks: nothing is ready, or much has happened since. */
  private move(): boolean {
    const { sim, limits } = this;
    if (sim.step()) {
      if (this.world.invariants.length > 0) this.check(this.world.invariants);
      if (sim.turns > limits.turns) this.exceeded(`${limits.turns} turns`);
      this.rested = false;
      return ++this.steps % RESTLESS === 0;
    }
    if (!this.rested) return true;
    this.rested = false;
    if (!sim.advance()) this.fail(hang(this.world, this.cycles));
    else if (sim.time > limits.time) this.exceeded(`${limits.time} ms`);
    return false;
  }

  /** Lets microtasks run; true when Node's loop must do it. A drain costs 0.02 µs, a trip through Node's loop 2.4 (a message channel 7). */
  private rest(): boolean {
    this.rested = true;
    if (!this.drains) return true;
    drainTicks!();
    return false;
  }

  private check(invariants: readonly NamedInvariant[]): boolean {
    for (const { name, holds } of invariants) {
      let cause: unknown;
      try {
        const held: unknown = holds();
        if (held !== false && !waits(held)) continue;
        if (held !== false) cause = new PawlError('BAD_ARGUMENT', WAITS);
      } catch (error) {
        cause = error;
      }
      const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
      this.fail(new PawlError('SIM_INVARIANT', `"${name}" does not hold${why}`, { cause }));
      return false;
    }
    return true;
  }

  private succeed(): void {
    if (this.outcome === null && this.check(this.world.goals)) this.over(false, undefined);
  }

  get digest(): string {
    return this.sim.decisions.digest.toString();
  }

  /** The world has failed; only the first time counts. */
  fail(error: unknown): void {
    if (this.outcome !== null) return;
    this.narrator?.failed(error);
    this.over(true, error);
  }

  private exceeded(limit: string): void {
    this.fail(
      new PawlError('SIM_LIMIT', `the world has not ended after ${limit}: raise its limits if it should go on`),
    );
  }

  private trespassed(host: string): void {
    this.fail(
      new PawlError(
        'SIM_REAL_WORLD',
        `something outside of the simulated world (a file, a socket, a timer of Node's) has woken a task of the host "${host}": that cannot be repeated`,
      ),
    );
  }

  /** Nothing runs any more, whatever it waits for. */
  private over(failed: boolean, error: unknown): void {
    this.outcome = { failed, error };
    this.narrator?.leave();
    for (const host of this.world.hosts.values()) host.end();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What an async or a generator function returns, which has checked nothing yet. */
function waits(held: unknown): boolean {
  const { then, next } = (held ?? {}) as { readonly then?: unknown; readonly next?: unknown };
  return typeof then === 'function' || typeof next === 'function';
}

let drainable: boolean | undefined;

/** Whether Node's ticks and microtasks can be run from here: it is not documented, so it is tried. Called from a macrotask. */
function canDrain(): boolean {
  if (drainable === undefined) {
    drainable = false;
    if (drainTicks !== undefined) {
      nextTick(() => {
        drainable = true;
      });
      drainTicks();
    }
  }
  return drainable;
}
