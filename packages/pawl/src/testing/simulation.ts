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
import {
  type Freedoms,
  type LinkOptions,
  PLAIN,
  ReplayStrategy,
  type SimDriver,
  SimWorld,
  swarm,
  withFreedoms,
} from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';
import { type Body, start } from '../future/coroutine.ts';
import type { Report } from '../task/report.ts';
import type { Mode } from '../task/runtime.ts';
import { hang } from './hang.ts';
import type { Host } from './host.ts';
import { enter, type Place } from './inside.ts';
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

/** Steps after which microtasks run although tasks are ready. */
const RESTLESS = 1024;

export class Simulation {
  readonly sim: SimWorld;
  readonly world: World;
  /** It is over: the first failure, or none. */
  outcome: { readonly failed: boolean; readonly error: unknown } | null = null;
  /** Where the run is compared with others. */
  readonly trace: Trace | null;
  private readonly main: Host;
  private readonly limits: Required<SimLimits>;
  private readonly drains: boolean;
  /** Microtasks have run since the last step. */
  private rested = false;
  private steps = 0;
  /** What the hosts' runtimes have reported, but for the cycles of waiters. */
  readonly reports: string[] = [];
  private readonly cycles: string[] = [];

  constructor(seed: number, scenario: Scenario, options: WorldOptions, replay?: ArrayLike<number>, lookAt?: number) {
    const { freedoms, link = {}, limits = {}, mode = 'production', onReport } = options;
    this.limits = { time: limits.time ?? 3_600_000, turns: limits.turns ?? 10_000_000 };
    this.sim = new SimWorld({
      seed,
      link,
      freedoms: freedoms === 'plain' ? PLAIN : withFreedoms(swarm(seed), freedoms),
      ...(replay === undefined ? {} : { strategy: new ReplayStrategy(replay) }),
    });
    this.trace = lookAt === undefined ? null : new Trace(this.sim, lookAt);
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
      try {
        if (holds() !== false) continue;
      } catch (error) {
        this.fail(error);
        return false;
      }
      this.fail(new PawlError('SIM_INVARIANT', `"${name}" does not hold`));
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
    if (this.outcome === null) this.over(true, error);
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
    for (const host of this.world.hosts.values()) host.crash();
  }
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
