/** Something to compute: it keeps a processor busy and waits for nothing. As a worker it counts to its `workerData` and posts the result. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

export function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0) return false;
  for (let divisor = 3; divisor * divisor <= n; divisor += 2) if (n % divisor === 0) return false;
  return true;
}

/** How many primes there are below `limit`. */
export function countPrimes(limit: number): number {
  let count = 0;
  for (let n = 0; n < limit; n++) if (isPrime(n)) count++;
  return count;
}

if (!isMainThread) parentPort?.postMessage(countPrimes(workerData as number), []);
