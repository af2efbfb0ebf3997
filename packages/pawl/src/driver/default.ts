/** The driver that `run` and `blockOn` use when they are not given one: chosen in this one place. */
import { PawlError } from '../error/index.ts';
import type { Driver } from './driver.ts';

export function defaultDriver(): Driver {
  throw new PawlError('UNSUPPORTED_PLATFORM', 'no driver');
}
