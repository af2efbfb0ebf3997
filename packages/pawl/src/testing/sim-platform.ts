/**
 * The platform inside simulated worlds: time, randomness and timers of Node and of the language follow the host on which they are asked for, and
 * so does Pawl's own default driver, which `run` and `await future` use.
 *
 * What must hold: one installation serves all simulations of a thread, for as long as one is under way; outside of hosts the platform is as
 * ever. What a timer's callback throws fails its world, as it would have ended its process; so does what a tick or a microtask throws, and a
 * rejection that nobody handles.
 */
import { setBuggify } from '../driver/buggify.ts';
import { substituteDriver } from '../driver/default.ts';
import { PawlError } from '../error/index.ts';
import { CallbackTimer } from '../task/callback-timer.ts';
import { enter, inside, type Place } from './inside.ts';
import { misbehaves } from './misbehaviour.ts';
import { installPlatform } from './platform/install.ts';
import type { PlatformSource } from './platform/source.ts';

class HostTimer {
  private readonly place: Place;
  private readonly callback: () => void;
  private readonly delay: number;
  private readonly repeat: boolean;
  private readonly timer: CallbackTimer;
  private ended = false;

  constructor(place: Place, callback: () => void, delay: number, repeat: boolean) {
    this.place = place;
    this.callback = callback;
    this.delay = delay;
    this.repeat = repeat;
    this.timer = new CallbackTimer(() => this.ring());
    this.arm();
  }

  clear(): void {
    this.ended = true;
    this.place.driver.timers.cancel(this.timer);
  }

  private arm(): void {
    const { driver } = this.place;
    if (!driver.halted) driver.timers.insert(this.timer, driver.now() + this.delay);
  }

  private ring(): void {
    if (this.repeat) this.arm();
    call(this.place, this.callback);
    // It may have been cleared by its own callback.
    if (this.ended) this.clear();
  }
}

/** A callback of Node's loop. What it throws is nobody's: it fails the world. */
function call(place: Place, callback: () => void): void {
  if (place.driver.halted) return;
  try {
    enter(place, callback);
  } catch (error) {
    place.simulation.fail(error);
  }
}

const here = (): Place => inside() as Place;

const source: PlatformSource = {
  active: () => inside() !== undefined,
  wallTime: () => here().driver.wallTime(),
  monotonic: () => here().driver.now(),
  random: () => here().driver.random(),
  fill: (bytes) => here().driver.fill(bytes),
  setTimer: (callback, delay, { repeat }) => new HostTimer(here(), callback, delay, repeat),
  clearTimer: (token) => (token as { clear(): void }).clear(),
  immediate(callback) {
    const place = here();
    const { world } = place.driver;
    const event = world.after(0, () => call(place, callback));
    return { clear: () => world.events.remove(event) };
  },
  fatal(error) {
    const { driver, simulation } = here();
    if (!driver.halted) simulation.fail(error);
  },
  refuse(name) {
    throw new PawlError(
      'SIM_REAL_WORLD',
      `${name} on the simulated host "${here().driver.machine.name}": it needs the real world, and what comes of it cannot be repeated`,
    );
  },
};

let users = 0;
let installed: DisposableStack | null = null;

/** Lets the platform follow simulated hosts until it is disposed of. BUSY inside `withClock`. */
export function followHosts(): Disposable {
  if (users === 0) {
    using stack = new DisposableStack();
    stack.use(installPlatform(source));
    stack.use(substituteDriver(() => inside()?.driver ?? null));
    setBuggify(misbehaves);
    stack.defer(() => setBuggify(null));
    installed = stack.move();
  }
  users++;
  let live = true;
  return {
    [Symbol.dispose]() {
      if (!live) return;
      live = false;
      if (--users > 0) return;
      installed?.dispose();
      installed = null;
    },
  };
}
