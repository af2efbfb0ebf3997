/**
 * Alarm: the event in the world that moves a machine's timer wheel.
 *
 * What must hold: it is set exactly while the wheel has entries, for a time at which the wheel's earliest tick has come on the machine's own
 * clock: timers are never early. They may be late, as where a machine is busy.
 */
import { TimerWheel } from '../wheel.ts';
import { type EventNote, WorldEvent } from './event-heap.ts';
import { LATE_TIMER } from './kinds.ts';
import type { SimMachine } from './machine.ts';

/** The latest that a timer can be, in ms. */
const LATEST = 20;

export class Alarm extends WorldEvent {
  readonly wheel: TimerWheel;
  private readonly machine: SimMachine;
  private late = false;

  constructor(machine: SimMachine) {
    super();
    this.machine = machine;
    const wheel = new TimerWheel(machine.clock.monotonic(machine.world.time));
    this.wheel = wheel;
    wheel.alarm = Infinity;
    wheel.onEarlier = (tick) => {
      machine.world.onDeed?.(`a timer is set on the host "${machine.name}", for ${tick} ms`, tick | 0);
      this.set(tick);
    };
    wheel.onEmpty = () => this.drop();
  }

  override happen(): void {
    const { machine, wheel } = this;
    const { world, clock } = machine;
    if (!this.late) {
      const late = world.pick(LATEST + 1, world.freedoms.lateTimer, LATE_TIMER);
      if (late > 0) {
        this.late = true;
        world.events.set(this, world.time + late);
        return;
      }
    }
    this.late = false;
    // What is inserted by what fires is for the next time.
    wheel.alarm = -1;
    wheel.advance(clock.monotonic(world.time));
    wheel.alarm = Infinity;
    const next = wheel.next();
    if (next !== Infinity) this.set(next);
  }

  override describe(): EventNote {
    return { machine: this.machine.name, what: 'a timer fires' };
  }

  /** For good: the machine has crashed. */
  drop(): void {
    this.late = false;
    this.wheel.alarm = Infinity;
    this.machine.world.events.remove(this);
  }

  private set(tick: number): void {
    const { world, clock } = this.machine;
    this.wheel.alarm = tick;
    this.late = false;
    world.events.set(this, Math.max(clock.worldTime(tick), world.time));
  }
}
