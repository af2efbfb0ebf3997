/**
 * SimMachine: a computer of a simulated world. It has a name, addresses, a clock and a source of randomness; a program runs on it from its
 * boot until it crashes, and it can be booted again.
 *
 * What must hold: each boot has a driver of its own, so that nothing of what ran before a crash can act after it. What the machine
 * draws at random depends on the seed and its name only, not on what others do.
 */
import { PawlError } from '../../error/index.ts';
import { type ClockOptions, MachineClock } from './clock.ts';
import { Disk } from './disk/disk.ts';
import { SimDriver } from './driver.ts';
import { SURVIVES } from './kinds.ts';
import { Prng } from './prng.ts';
import type { SimWorld } from './world.ts';

export interface MachineOptions {
  readonly clock?: ClockOptions;
  /** Descriptors that can be open at once; one more is EMFILE. Default 65,536. */
  readonly descriptors?: number;
}

export class SimMachine {
  readonly world: SimWorld;
  readonly name: string;
  /** Counts from 1 in each world. */
  readonly id: number;
  readonly addresses: { readonly ipv4: string; readonly ipv6: string };
  readonly clock: MachineClock;
  readonly prng: Prng;
  readonly descriptors: number;
  private written: Disk | null = null;
  /** Null while the machine is down. */
  driver: SimDriver | null = null;

  constructor(world: SimWorld, name: string, id: number, { clock, descriptors = 65_536 }: MachineOptions) {
    if (!(Number.isSafeInteger(descriptors) && descriptors >= 0))
      throw new PawlError('BAD_ARGUMENT', `descriptors are a whole number, got ${String(descriptors)}`);
    this.world = world;
    this.name = name;
    this.id = id;
    // 10.0.0.0/8 (RFC 1918) and fd00::/8 (RFC 4193).
    this.addresses = { ipv4: `10.${id >> 16}.${(id >> 8) & 0xff}.${id & 0xff}`, ipv6: `fd00::${id.toString(16)}` };
    this.clock = new MachineClock(clock);
    this.prng = new Prng(world.seed, `host ${name}`);
    this.descriptors = descriptors;
  }

  /** Starts it. BAD_ARGUMENT while it runs. */
  boot(): SimDriver {
    if (this.driver !== null) throw new PawlError('BAD_ARGUMENT', `the host "${this.name}" is running already`);
    return (this.driver = new SimDriver(this));
  }

  /** Power off: nothing of it acts any more, and nobody is told. */
  crash(): void {
    if (this.driver === null) return;
    this.end();
    this.written?.crash(() => this.survives());
  }

  /** With its world: nothing of it acts any more, and what is on its disk is not asked. */
  end(): void {
    this.driver?.halt();
    this.driver = null;
  }

  /** Made when it is first asked for: most programs keep nothing. */
  get disk(): Disk {
    return (this.written ??= new Disk(() => this.clock.wall(this.world.time)));
  }

  /** The part of an unsynced change that has reached the disk: none, all, or some of it. */
  private survives(): number {
    const { decisions, freedoms } = this.world;
    if (!decisions.chance(freedoms.unsynced, SURVIVES)) return 0;
    return 1 - decisions.choose(4, SURVIVES) / 4;
  }
}
