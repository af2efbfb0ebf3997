/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import { current } from '../future/register.ts';
import { driverOf, type Driver } from './driver.ts';
import { nativeDriver } from './native/index.ts';

export function defaultDriver(): Driver {
  return nativeDriver();
}

/** The driver of the poll that is under way; outside a poll this thread's own. */
export function currentDriver(): Driver {
  return current === null ? defaultDriver() : driverOf(current);
}
