/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import { current } from '../future/register.ts';
import { driverOf, type Driver } from './driver.ts';
import { nativeDriver } from './native/index.ts';

/** Tells of code that runs in another world than this thread's own: on a simulated host. */
let elsewhere: (() => Driver | null) | null = null;

export function defaultDriver(): Driver {
  return elsewhere?.() ?? nativeDriver();
}

/** The driver of the poll that is under way; outside a poll this thread's own. */
export function currentDriver(): Driver {
  return current === null ? defaultDriver() : driverOf(current);
}

/** From now on `look` is asked first; it gives null for code of this thread's own world. */
export function setElsewhere(look: (() => Driver | null) | null): void {
  elsewhere = look;
}
