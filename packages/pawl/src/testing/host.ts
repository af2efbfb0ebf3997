/**
 * Host: a machine of a simulated world with the program that runs on it.
 *
 * What must hold: each boot has a runtime of its own. A crash runs no cleanup, on no account: no `finally` block, no FIN. A program that fails
 * fails its world, unless the host says that it may.
 */
import type { ClockOptions, SimDriver, SimMachine } from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';
import { type Body, coroutine, start } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { MainTask } from '../task/main.ts';
import type { Report } from '../task/report.ts';
import { type Mode, Runtime } from '../task/runtime.ts';

/** How a host is set up. */
export interface HostOptions {
  /** How its clock differs from the world's: `offset` in ms (of the time of day), `drift` in parts per million. Default: not at all. */
  readonly clock?: ClockOptions;
  /** Descriptors that can be open at once. Default 65,536. */
  readonly descriptors?: number;
  /** Its program may fail: the host then has no program, and the world goes on. Default false. */
  readonly mayFail?: boolean;
}

/** What a host needs of its simulation. */
export interface Surroundings {
  readonly mode: Mode;
  readonly onReport: (report: Report, host: Host) => void;
  /** Power off, and on again. */
  readonly onNote: (what: string) => void;
  /** The program has ended; `error` when it failed. */
  readonly onEnd: (host: Host, ...error: [error?: unknown]) => void;
}

/**
 * A machine of a simulated world; {@link World.host} makes it. It has a name, under which others connect to it, addresses, a clock and random
 * numbers of its own, and runs a program from each boot to the next crash.
 *
 * @example
 * ```ts
 * import { sleep } from 'pawl';
 * import { simulate } from 'pawl/testing';
 * await simulate({ seed: 1 }, function* (world) {
 *   let boots = 0;
 *   const host = world.host('server', function* () {
 *     boots++;
 *     yield* sleep(1000);
 *   });
 *   yield* sleep(10);
 *   host.restart();
 *   yield* sleep(10);
 *   console.log(host.address, boots, host.running); // 10.0.0.2 2 true
 * });
 * ```
 */
export class Host {
  readonly name: string;
  private readonly machine: SimMachine;
  private readonly program: Body<[Host], unknown>;
  private readonly surroundings: Surroundings;
  private readonly mayFail: boolean;
  private current: Runtime | null = null;
  private task: MainTask<unknown> | null = null;

  /** @internal */
  constructor(machine: SimMachine, program: Body<[Host], unknown>, options: HostOptions, surroundings: Surroundings) {
    if (typeof program !== 'function')
      throw new PawlError(
        'BAD_ARGUMENT',
        `the program of the host "${machine.name}" must be a function: it is called at each boot`,
      );
    this.machine = machine;
    this.name = machine.name;
    this.program = program;
    this.mayFail = options.mayFail ?? false;
    this.surroundings = surroundings;
    this.boot();
  }

  /** Its IPv4 address, in 10.0.0.0/8. */
  get address(): string {
    return this.machine.addresses.ipv4;
  }

  /** Its IPv6 address, in fd00::/8. */
  get address6(): string {
    return this.machine.addresses.ipv6;
  }

  /** It has power. Its program may have ended. */
  get up(): boolean {
    return this.machine.driver !== null;
  }

  /** Its program has started and has not ended. */
  get running(): boolean {
    return this.task !== null && !this.task.ended;
  }

  /** The runtime of the program's current run; null while the machine is down. */
  get runtime(): Runtime | null {
    return this.current;
  }

  /**
   * Takes its power away: whatever ran on it is gone, without any cleanup. Nobody is told: who has a connection to it hears nothing until it
   * gives up, or is reset when the host is up again. Harmless while it is down.
   */
  crash(): void {
    if (!this.up) return;
    this.surroundings.onNote('crashes');
    this.drop();
    this.machine.crash();
  }

  /** @internal The world is over: nothing acts any more, and nothing is decided. */
  end(): void {
    this.drop();
    this.machine.end();
  }

  private drop(): void {
    this.current?.drop();
    this.current = null;
    this.task = null;
  }

  /** Boots it, after a crash if it is up: its program runs from the beginning. */
  restart(): void {
    this.crash();
    this.surroundings.onNote('boots again');
    this.boot();
  }

  /** Cancels its program, which cleans up and ends, as a signal would have it. */
  stop(reason?: unknown): void {
    this.task?.abort(reason);
  }

  /** @internal What dumps show. */
  get driver(): SimDriver | null {
    return this.machine.driver;
  }

  private boot(): void {
    const { machine, program, surroundings } = this;
    const runtime = new Runtime(machine.boot(), {
      mode: surroundings.mode,
      onReport: (report) => surroundings.onReport(report, this),
    });
    this.current = runtime;
    const begin = (): Future<unknown> => start(program, this);
    // Called by its own poll, not by whoever boots it.
    const main = coroutine(function* () {
      return yield* begin();
    });
    const task: MainTask<unknown> = new MainTask(runtime, main(), program.name || this.name, () => {
      if (this.task !== task) return;
      try {
        task.take();
      } catch (error) {
        if (this.mayFail) surroundings.onEnd(this);
        else surroundings.onEnd(this, error);
        return;
      }
      surroundings.onEnd(this);
    });
    this.task = task;
  }
}
