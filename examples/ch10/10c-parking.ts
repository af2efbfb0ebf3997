/** Parking a thread without losing a wake-up, and a bare park that loses one. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { paced } from '../ladder/pace.ts';
import type { PingPong } from './parker-thread.ts';
import { BarePark, cell, Parker } from './parker.ts';

const ROUNDS = 2000;
const LONG = 30_000;

// #region lost
for (const park of [new BarePark(cell()), new Parker(cell())]) {
  console.log(`${park.constructor.name}: the wake-up comes a moment before the thread falls asleep`);
  park.unpark();
  const woken = park.park(paced(500));
  console.log(
    woken ? '  it is kept: the thread does not sleep' : `  it is lost: nobody has woken the thread in ${paced(500)} ms`,
  );
}
// #endregion

// #region rounds
const workerData: PingPong = { ping: cell(), pong: cell(), rounds: ROUNDS, boundMs: LONG };
const worker = new Worker(new URL('parker-thread.ts', import.meta.url), { workerData });
const ended = once(worker, 'exit');
await once(worker, 'message');
const [here, there] = [new Parker(workerData.pong), new Parker(workerData.ping)];
let round = 0;
for (; round < ROUNDS; round++) {
  there.unpark();
  if (!here.park(LONG)) break;
}
console.log(`two threads wake each other in turn: ${round} of ${ROUNDS} rounds, none lost`);
// #endregion
await ended;
