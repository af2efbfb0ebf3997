/** What a thousand of each cost: threads, fibers, callbacks, promises and coroutines that wait, in time and memory. */
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { coroutine, join, run, sleep, spawn } from 'pawl';
import { callback, callWith, functionAt, type Pointer } from 'pawl/fiber';
import { loadStraightLine } from './straight-line.ts';

const MANY = 20_000;
const THREADS = 8;
const FIBERS = 1000;
const WAIT_MS = 300;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What the process holds: the heap of this thread, or all of its memory where other threads have theirs. */
type Held = 'heap' | 'resident';

function held(kind: Held): number {
  collect();
  return kind === 'heap' ? process.memoryUsage().heapUsed : process.memoryUsage.rss();
}

interface Way {
  readonly name: string;
  readonly count: number;
  readonly kind: Held;
  /** Starts so many, and resolves when all of them wait, with what waits for their end. */
  readonly start: (count: number) => Promise<() => Promise<unknown>>;
}

// #region ways
const waiting = coroutine(function* () {
  yield* sleep(WAIT_MS);
});

const WAYS: readonly Way[] = [
  {
    name: 'thread',
    count: THREADS,
    kind: 'resident',
    async start(count) {
      const code = `require('node:worker_threads').parentPort.once('message', () => {})`;
      const workers = Array.from({ length: count }, () => new Worker(code, { eval: true }));
      await Promise.all(workers.map((worker) => once(worker, 'online')));
      return () => {
        for (const worker of workers) worker.postMessage('end', []);
        return Promise.all(workers.map((worker) => once(worker, 'exit')));
      };
    },
  },
  {
    name: 'fiber',
    count: FIBERS,
    kind: 'resident',
    async start(count) {
      const wait = callback({ arguments: ['int32'], returns: 'void', failure: undefined }, (ms) => sleep(ms));
      const code = loadStraightLine([[0, WAIT_MS]]) as Pointer;
      const program = functionAt(code, { arguments: ['pointer', 'pointer'], returns: 'void' });
      const calls = Array.from({ length: count }, () => callWith({ stackSize: 16 * 1024 }, program, wait, null));
      const ended = run(join(calls), { mode: 'production' });
      await new Promise(setImmediate);
      return () => ended.finally(() => wait[Symbol.dispose]());
    },
  },
  {
    name: 'callback',
    count: MANY,
    kind: 'heap',
    async start(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      let left = count;
      for (let i = 0; i < count; i++) setTimeout(() => (--left === 0 ? resolve() : undefined), WAIT_MS);
      return () => promise;
    },
  },
  {
    name: 'promise',
    count: MANY,
    kind: 'heap',
    async start(count) {
      const wait = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      const all = Promise.all(Array.from({ length: count }, wait));
      return () => all;
    },
  },
  {
    name: 'coroutine',
    count: MANY,
    kind: 'heap',
    async start(count) {
      const main = function* () {
        for (let i = 0; i < count; i++) spawn(waiting());
      };
      const ended = run(main, { mode: 'production' });
      await new Promise(setImmediate);
      return () => ended;
    },
  },
];
// #endregion

console.log('what a thousand cost that wait:\n');
console.log('             processor time        memory');
for (const { name, count, kind, start } of WAYS) {
  const before = held(kind);
  const began = process.cpuUsage();
  const end = await start(count);
  const started = process.cpuUsage(began);
  const memory = Math.max(held(kind) - before, 0);
  const again = process.cpuUsage();
  await end();
  const finished = process.cpuUsage(again);
  const thousands = count / 1000;
  const ms = (started.user + started.system + finished.user + finished.system) / 1000 / thousands;
  const kib = memory / 1024 / thousands;
  console.log(`${name.padEnd(10)}  ≈ ${ms.toFixed(1).padStart(9)} ms  ≈ ${kib.toFixed(0).padStart(9)} KiB`);
}
