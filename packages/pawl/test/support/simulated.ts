/**
 * Loaded before a test file (`--import`), it makes a simulated host this thread's own driver: what the file runs with `run` and `blockOn` runs
 * there. So tests that were written for the kernel's network run over the simulated one, unchanged.
 *
 * What must hold: the world is plain, so that nothing differs but what the simulation gets wrong. `PAWL_SIM_SEED` makes packets late.
 */
import { substituteDriver } from '../../src/driver/default.ts';
import { nextImmediate } from '../../src/driver/native/platform.ts';
import { PLAIN, SimWorld, withFreedoms } from '../../src/driver/sim/index.ts';

const seed = process.env['PAWL_SIM_SEED'];
const freedoms = seed === undefined ? PLAIN : withFreedoms(PLAIN, { eventOrder: 0.3, latency: 1 });
const world = new SimWorld({ seed: Number(seed ?? 1), freedoms });
const driver = world.network.add('here').boot();
substituteDriver(() => driver);

/** Steps between which Node's loop has its turn. */
const BATCH = 1000;

let pumping = false;

/** Beside Node's loop: moves the world while anything is ready, and its time while tasks are left. */
function pump(): void {
  for (let steps = 0; steps < BATCH && !driver.blocking; steps++) {
    if (world.step()) continue;
    if (driver.attached.size > 0 && world.advance()) continue;
    pumping = false;
    return;
  }
  nextImmediate(pump);
}

const enqueue = world.enqueue.bind(world);
world.enqueue = (turn) => {
  enqueue(turn);
  if (pumping || driver.blocking) return;
  pumping = true;
  nextImmediate(pump);
};
