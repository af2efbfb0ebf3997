/** A callback of C's: by parking a fiber, and by an ordinary callback of node:ffi. Each run is one qsort of equal numbers. */
import ffi from 'node:ffi';
import { blockOn } from 'pawl';
import { call, callback, callNow, library, Memory } from 'pawl/fiber';
import type { Implementation } from '../harness/measure.ts';

const qsort = { arguments: ['pointer', 'size', 'size', 'pointer'], returns: 'void' } as const;
const compare = { arguments: ['pointer', 'pointer'], returns: 'int32' } as const;

let calls = 0;
const equal = (): number => {
  calls++;
  return 0;
};

function parked(): (n: number, run: 'call' | 'callNow') => number {
  const c = library(null, { qsort });
  const ours = callback({ ...compare, failure: 0 }, equal);
  return (n, run) => {
    calls = 0;
    using numbers = new Memory(4 * n);
    if (run === 'call') blockOn(call(c.qsort, numbers, n, 4, ours));
    else callNow(c.qsort, numbers, n, 4, ours);
    return calls;
  };
}

function ordinary(): (n: number) => number {
  const { lib, functions } = ffi.dlopen(null, {
    qsort: { return: 'void', arguments: ['buffer', 'uint64', 'uint64', 'uint64'] },
  });
  const theirs = lib.registerCallback({ return: 'int32', arguments: ['uint64', 'uint64'] }, equal);
  return (n) => {
    calls = 0;
    functions.qsort(new Int32Array(n), BigInt(n), 4n, theirs);
    return calls;
  };
}

let fiber: ReturnType<typeof parked> | null = null;
let other: ReturnType<typeof ordinary> | null = null;

/** Comparisons that the C library's qsort makes of so many equal numbers. */
export function comparisons(n: number): number {
  other ??= ordinary();
  return other(n);
}

const park: Implementation = {
  call: (n) => (fiber ??= parked())(n, 'call'),
  callNow: (n) => (fiber ??= parked())(n, 'callNow'),
  ffi: (n) => (other ??= ordinary())(n),
};
export default park;
