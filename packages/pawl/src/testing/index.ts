/** Testing with Pawl: programs in simulated worlds, and the platform that follows a source of time and randomness. */
export type { ClockOptions as HostClock, Freedoms, Latency, LinkOptions } from '../driver/sim/index.ts';
export type { Host, HostOptions } from './host.ts';
export { installPlatform } from './platform/install.ts';
export type { PlatformSource, TimerTerms, TimerToken } from './platform/source.ts';
export { SimFailure } from './sim-failure.ts';
export { simulate, type SimulateOptions, type SimulateReport } from './simulate.ts';
export type { Scenario, SimLimits, WorldOptions } from './simulation.ts';
export type { HostName, Invariant, LinkDirection, World } from './world.ts';
