/**
 * Testing with Pawl: programs in simulated worlds, a clock that stands still, futures polled by hand, what looks for leaks, and the
 * platform that follows a source of time and randomness.
 */
// What it gives is awaited by promise code, too.
import '../task/ambient.ts';

export type { ClockOptions as HostClock, Freedoms, Latency, LinkOptions } from '../driver/sim/index.ts';
export {
  cancelAtEverySuspension,
  type CancelledRun,
  type CancelOptions,
  type Watch,
} from './cancel-at-every-suspension.ts';
export { Clock } from './clock.ts';
export type { Host, HostOptions } from './host.ts';
export { ManualDriver } from './manual-driver.ts';
export { assertNoLeaks } from './no-leaks.ts';
export { installPlatform } from './platform/install.ts';
export type { PlatformSource, TimerTerms, TimerToken } from './platform/source.ts';
export { SimFailure } from './sim-failure.ts';
export { simulate } from './simulate.ts';
export type { ShrinkOptions } from './shrink.ts';
export type { Scenario, SimLimits, WorldOptions } from './simulation.ts';
export { spawnTest, TestTask, type TestResult } from './spawn-test.ts';
export type { StrategyName } from './strategies.ts';
export type { SimulateReport } from './tally.ts';
export { withClock, type ClockBody, type ClockOptions } from './with-clock.ts';
export type { HostName, Invariant, LinkDirection, World } from './world.ts';
export type { SimulateOptions } from './worlds.ts';
