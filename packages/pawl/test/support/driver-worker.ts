/** A worker thread for the tests of the driver: does what `workerData.action` says. */
import { parentPort, workerData } from 'node:worker_threads';
import { nativeDriver } from '../../src/driver/native/index.ts';
import { Waker, type WakerHandle } from '../../src/sys/queue/waker.ts';
import { JobClient, pause, TestTimer } from './jobs.ts';

/** What a worker is asked to do. */
export type WorkerTask =
  | { readonly action: 'sleep' | 'block' | 'busy' | 'guest' | 'finish' | 'reason' }
  /** Waits until `gate[0]` is 1, wakes so many times, and sets `gate[1]`. */
  | { readonly action: 'wake'; readonly handle: WakerHandle; readonly gate: Int32Array; readonly times: number };

const task = workerData as WorkerTask;
const post = (message: unknown): void => parentPort!.postMessage(message, []);

if (task.action === 'wake') {
  const waker = new Waker(task.handle);
  post('ready');
  Atomics.wait(task.gate, 0, 0);
  for (let i = 0; i < task.times; i++) waker.wake();
  Atomics.store(task.gate, 1, 1);
  Atomics.notify(task.gate, 1);
} else if (task.action === 'guest') {
  try {
    nativeDriver({ loop: 'guest' });
  } catch (error) {
    post((error as { code: string }).code);
  }
} else if (task.action === 'reason') {
  post(nativeDriver().reason);
} else {
  const driver = nativeDriver();
  const client = new JobClient(driver);
  if (task.action === 'finish') {
    await client.run(pause(driver, 2));
    post('finished');
  } else {
    driver.timers.insert(new TestTimer(), driver.now() + 3_600_000);
    if (task.action === 'busy') driver.schedule({ turn: () => 1, stranded: () => {} });
    post('ready');
    // From a callback of Node's, as a program would.
    if (task.action === 'block') setImmediate(() => client.block(pause(driver, 3_600_000)));
  }
}
