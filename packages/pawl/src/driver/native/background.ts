/**
 * BackgroundBell: while our loop does not run, rings when the earliest background timer is due, by a timer of Node's that does not keep
 * the process alive.
 *
 * What must hold: whatever is inserted while it is set is rung for in time; it may ring for nothing, which costs a turn. While the loop
 * runs it rests, because the loop looks at the timers itself.
 */
import type { TimerWheel } from '../wheel.ts';
import { clock, dropTimeout, outside, startTimeout } from './platform.ts';

/** setTimeout takes more for a mistake, and fires at once. */
const LONGEST = 0x7fffffff;

export class BackgroundBell {
  readonly #wheel: TimerWheel;
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | null = null;
  /** The tick that the timer is set for. */
  #tick = Infinity;

  constructor(wheel: TimerWheel, ring: () => void) {
    this.#wheel = wheel;
    this.#ring = ring;
    wheel.alarm = Infinity;
    wheel.onEarlier = () => this.set();
  }

  set(): void {
    const next = this.#wheel.next();
    if (next < this.#tick) {
      if (this.#timer !== null) dropTimeout(this.#timer);
      this.#tick = next;
      const delay = Math.min(Math.max(Math.ceil(next - clock()), 1), LONGEST);
      this.#timer = outside(() => startTimeout(this.#onTimer, delay)).unref();
    }
    this.#wheel.alarm = this.#tick;
  }

  rest(): void {
    this.#wheel.alarm = -1;
  }

  readonly #onTimer = (): void => {
    this.#timer = null;
    this.#tick = Infinity;
    this.#ring();
  };
}
