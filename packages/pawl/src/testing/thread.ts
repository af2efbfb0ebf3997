/** A thread that makes simulated worlds: it is started by `threads.ts`, handed portions of seeds, and answers each. */
import { parentPort, workerData } from 'node:worker_threads';
import { carryOut } from './runs.ts';
import { SimFailure } from './sim-failure.ts';
import { type Answer, load, type Portion, type ThreadData } from './threads.ts';
import { worlds } from './worlds.ts';

const port = parentPort!;
const { module, options } = workerData as ThreadData;
const scenario = await load(new URL(module));

async function answer({ from, seeds }: Portion): Promise<Answer> {
  try {
    // The thread that has asked makes a failed world again, and explains it.
    const plan = worlds({ ...options, from, seeds }, scenario, null);
    return { worlds: (await carryOut(plan)).worlds };
  } catch (error) {
    const failed = error instanceof SimFailure ? { from: error.seed, seeds: 1 } : { from, seeds };
    return { failed, message: String(error) };
  }
}

port.on('message', (portion: Portion) => {
  void answer(portion).then((made) => port.postMessage(made));
});
