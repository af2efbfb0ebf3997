/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import type { Driver } from './driver.ts';
import { nativeDriver } from './native/index.ts';

export function defaultDriver(): Driver {
  return nativeDriver();
}
