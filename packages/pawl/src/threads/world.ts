/** Whether there are threads where a future is polled. */
import type { Driver } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';

/** Throws SIM_REAL_WORLD in a simulated world, BLOCKING_NODE inside `blockOn`: threads are Node's, and their news comes by its loop. */
export function checkThreads(driver: Driver, what: string): void {
  if (driver.kind === 'sim' && driver.beneath === undefined)
    throw new PawlError('SIM_REAL_WORLD', `${what}: a simulated world has one thread`);
  if (driver.blocking)
    throw new PawlError(
      'BLOCKING_NODE',
      `${what} inside blockOn, where Node's event loop cannot run and nothing would tell of its end: use run instead`,
    );
}
