/** Threads of the operating system: each task blocks its own, and the system takes turns between them. */
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { CHAIN, CHAINED, CONCURRENT, LAST, LONG, SHORT, START } from './words.ts';

// #region block
/** Puts this thread to sleep, and no other. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const say = (words: string): void => void writeSync(1, `${words}\n`);
// #endregion

// #region program
const tasks = {
  long: () => {
    block(LONG);
    say(LAST);
  },
  short: () => {
    block(SHORT);
    say(CHAIN);
    block(SHORT); // chaining is just the next line
    say(CHAINED);
  },
};

const start = (task: string): Worker => new Worker(new URL(import.meta.url), { workerData: task });

if (isMainThread) {
  say(START);
  start('long');
  start('short');
  say(CONCURRENT);
} else {
  tasks[workerData as 'long' | 'short']();
}
// #endregion
