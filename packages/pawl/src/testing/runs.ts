/**
 * Runs: simulations one after another, in slices of a macrotask each.
 *
 * What must hold: the thread is given back every 20 ms or so, so that a test's runner goes on; between two small worlds it is not.
 */
import { clock, nextImmediate } from '../driver/native/platform.ts';
import { followHosts } from './sim-platform.ts';
import type { Simulation } from './simulation.ts';

/** How long the thread is kept at a time, in ms. */
const SLICE = 20;

/** Makes simulations, and is resumed when the last one that it gave is over. */
export type Plan<T> = Generator<Simulation, T, void>;

/** What the plan gives in the end. */
export function carryOut<T>(plan: Plan<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const platform = followHosts();
    let running: Simulation | null = null;
    const slice = (): void => {
      const until = clock() + SLICE;
      try {
        for (;;) {
          if (running === null) {
            const next = plan.next();
            if (next.done === true) {
              platform[Symbol.dispose]();
              resolve(next.value);
              return;
            }
            running = next.value;
          }
          if (!running.slice(until)) break;
          running = null;
        }
        nextImmediate(slice);
      } catch (error) {
        platform[Symbol.dispose]();
        reject(error);
      }
    };
    nextImmediate(slice);
  });
}
