/** Waiting for I/O leaves the thread free, computing does not: what to do about it, in three ways. */
import { once } from 'pawl/node';
import { Worker } from 'node:worker_threads';
import { coroutine, run, sleep, spawn, yieldNow, type Future } from 'pawl';
import { paced } from '../ladder/pace.ts';
import { countPrimes, isPrime } from './primes.ts';

const LIMIT = 2_000_000;

// #region heart
/** A task that has something small to do every few milliseconds: all the others, so to speak. */
let beats = 0;
const heart = coroutine(function* heart() {
  for (;;) {
    yield* sleep(2);
    beats++;
  }
});
// #endregion

// #region ways
const waitForIo = (): Future<void> => sleep(paced(500));

const computeAtOnce = coroutine(function* computeAtOnce() {
  return countPrimes(LIMIT);
});

const computeInPieces = coroutine(function* computeInPieces() {
  let count = 0;
  for (let n = 0; n < LIMIT; n++) {
    if (isPrime(n)) count++;
    if (n % 1000 === 0) yield* yieldNow(); // whoever else is ready has its turn
  }
  return count;
});

const computeElsewhere = coroutine(function* computeElsewhere() {
  const worker = new Worker(new URL('primes.ts', import.meta.url), { workerData: LIMIT });
  const [count] = yield* once<[number]>(worker, 'message');
  return count;
});
// #endregion

const observe = coroutine(function* observe(what: string, work: Future<number | void>) {
  const before = beats;
  const result = yield* work;
  const verdict = beats === before ? 'the heart stood still' : 'the heart beat on';
  console.log(`${what}: ${verdict}${typeof result === 'number' ? `; ${result} primes` : ''}`);
});

const reported = new Set<string>();
await run(
  function* () {
    const beating = spawn(heart(), { daemon: true, name: 'heart' });
    yield* sleep(5);
    yield* observe('waiting for I/O', waitForIo());
    yield* observe('computing at once', computeAtOnce());
    yield* sleep(5); // a poll is looked at when it is over
    console.log(`  the runtime has noticed: ${[...reported].join()}`);
    yield* observe('computing in pieces', computeInPieces());
    yield* observe('computing on another thread', computeElsewhere());
    beating.abort();
  },
  {
    name: 'main',
    mode: 'development',
    slowPoll: 50,
    onReport: ({ code, task }) => reported.add(`${code} of a task (${task.split(' ')[0]})`),
  },
);
