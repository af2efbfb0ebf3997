/**
 * Testing with Pawl: the platform that follows a source of time and randomness, a clock that stands still, futures polled by hand, and
 * what looks for leaks.
 */
// What it gives is awaited by promise code, too.
import '../task/ambient.ts';

export { installPlatform } from './platform/install.ts';
export type { PlatformSource, TimerTerms, TimerToken } from './platform/source.ts';
export { Clock } from './clock.ts';
export { withClock, type ClockBody, type ClockOptions } from './with-clock.ts';
export { ManualDriver } from './manual-driver.ts';
export { spawnTest, TestTask, type TestResult } from './spawn-test.ts';
export { assertNoLeaks } from './no-leaks.ts';
export {
  cancelAtEverySuspension,
  type CancelledRun,
  type CancelOptions,
  type Watch,
} from './cancel-at-every-suspension.ts';
