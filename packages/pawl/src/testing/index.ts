/** Testing: programs in simulated worlds. */
export type { ClockOptions, Freedoms, Latency, LinkOptions } from '../driver/sim/index.ts';
export type { Host, HostOptions } from './host.ts';
export { SimFailure } from './sim-failure.ts';
export { simulate, type SimulateOptions, type SimulateReport } from './simulate.ts';
export type { Scenario, SimLimits, WorldOptions } from './simulation.ts';
export type { HostName, Invariant, LinkDirection, World } from './world.ts';
