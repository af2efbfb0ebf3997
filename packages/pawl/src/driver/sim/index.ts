/** The simulated driver: a world made from a seed, its machines, and the driver that each gives to the runtimes on it. */
export type { ClockOptions } from './clock.ts';
export { Decisions, type Decision } from './decisions.ts';
export { SimDriver } from './driver.ts';
export type { EventNote, WorldEvent } from './event-heap.ts';
export { type Freedoms, PLAIN, swarm, withFreedoms } from './freedoms.ts';
export type { Latency, LinkOptions } from './link.ts';
export { type MachineOptions, SimMachine } from './machine.ts';
export { PctStrategy } from './pct.ts';
export { Prng } from './prng.ts';
export { RandomStrategy, ReplayStrategy, type Strategy } from './strategy.ts';
export { SimWorld, type SimWorldOptions } from './world.ts';
