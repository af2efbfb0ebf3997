/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import { PawlError } from '../error/index.ts';
import { current } from '../future/register.ts';
import { driverOf, type Driver } from './driver.ts';
import { nativeDriver } from './native/index.ts';

/** Tells of code that runs in another world than this thread's own: under a paused clock, on a simulated host. */
let elsewhere: (() => Driver | null) | null = null;

export function defaultDriver(): Driver {
  return elsewhere?.() ?? nativeDriver();
}

/** The driver of the poll that is under way; outside a poll this thread's own. */
export function currentDriver(): Driver {
  return current === null ? defaultDriver() : driverOf(current);
}

/**
 * Until the result is disposed of, `look` is asked first; it gives null for code of this thread's own world. What is running already goes
 * on where it is. Throws BUSY when another one is asked already.
 */
export function substituteDriver(look: () => Driver | null): Disposable {
  if (elsewhere !== null) throw new PawlError('BUSY', "another driver stands in for this thread's own already");
  elsewhere = look;
  return {
    [Symbol.dispose]() {
      if (elsewhere === look) elsewhere = null;
    },
  };
}
