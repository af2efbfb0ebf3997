/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import { PawlError } from '../error/index.ts';
import { current } from '../future/register.ts';
import { driverOf, type Driver } from './driver.ts';
import { nativeDriver } from './native/index.ts';

/** What stands in for this thread's own driver: a paused clock's. */
let substitute: Driver | null = null;

export function defaultDriver(): Driver {
  return substitute ?? nativeDriver();
}

/** The driver of the poll that is under way; outside a poll this thread's own. */
export function currentDriver(): Driver {
  return current === null ? defaultDriver() : driverOf(current);
}

/** Lets a driver stand in for this thread's own until the result is disposed of: what is running already goes on where it is. Throws BUSY when one does. */
export function substituteDriver(driver: Driver): Disposable {
  if (substitute !== null) throw new PawlError('BUSY', "another driver stands in for this thread's own already");
  substitute = driver;
  return {
    [Symbol.dispose]() {
      if (substitute === driver) substitute = null;
    },
  };
}
