/** The thread of `thread.ts`: serves until it is told to close, then tells its log. */
import { parentPort } from 'node:worker_threads';
import { run } from 'pawl';
import { once } from 'pawl/node';
import { delayServer } from './server.ts';
import type { FromThread } from './thread.ts';

const log: string[] = [];
const tell = (message: FromThread): void => parentPort?.postMessage(message, []);

if (parentPort === null) throw new Error('this is the body of a worker: start it with startDelayServer()');
const port = parentPort;

await run(function* () {
  const server = yield* delayServer((line) => void log.push(line));
  tell({ port: server.port });
  yield* once(port, 'message');
  yield* server.close();
});
tell({ log });
