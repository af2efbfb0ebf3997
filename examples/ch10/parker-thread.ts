/** The other side of the parker's rung: answers each wake-up with one. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Cell, Parker } from './parker.ts';

export interface PingPong {
  readonly ping: Cell;
  readonly pong: Cell;
  readonly rounds: number;
  readonly boundMs: number;
}

const { ping, pong, rounds, boundMs } = workerData as PingPong;
const [here, there] = [new Parker(ping), new Parker(pong)];
parentPort?.postMessage('ready', []);
for (let round = 0; round < rounds; round++) {
  if (!here.park(boundMs)) break;
  there.unpark();
}
