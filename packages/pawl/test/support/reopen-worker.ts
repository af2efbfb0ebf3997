/** A worker thread that opens files and closes them, and tells of what Node has warned. (It does of descriptors that are closed behind its back.) */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { run } from 'pawl';
import { File, writeFileAtomic } from 'pawl/fs';

const warnings: string[] = [];
process.on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') warnings.push(message);
});
await run(function* () {
  for (let n = 0; n < 5; n++) {
    yield* writeFileAtomic(`${workerData as string}/file`, String(n));
    using _file = yield* File.open(`${workerData as string}/file`);
  }
});
await setImmediate();
parentPort!.postMessage(warnings, []);
