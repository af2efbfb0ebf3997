/**
 * The functions of the platform that the native driver stands on, taken when this module is loaded: fake timers, installed later, replace
 * the globals and must not stop our loop.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { lookup as dnsLookup } from 'node:dns';

export const nextImmediate: typeof setImmediate = setImmediate;
export const dropImmediate: typeof clearImmediate = clearImmediate;
export const startInterval: typeof setInterval = setInterval;
export const startTimeout: typeof setTimeout = setTimeout;
export const dropTimeout: typeof clearTimeout = clearTimeout;

/** Milliseconds since the thread's start, monotonic, with fractions. */
export const clock: () => number = performance.now.bind(performance);

/** In [0, 1). */
export const random: () => number = Math.random;

export const nextTick: typeof process.nextTick = process.nextTick.bind(process);
export const emitWarning: typeof process.emitWarning = process.emitWarning.bind(process);
export const lookup: typeof dnsLookup = dnsLookup;

/**
 * Runs Node's ticks and microtasks now. Undocumented, and effective only inside a callback of Node's: `undefined` where it is missing,
 * and whoever uses it first tries whether it works (see `HostLoop`).
 */
export const drainTicks: (() => void) | undefined = (
  process as unknown as { readonly _tickCallback?: () => void }
)._tickCallback?.bind(process);

/**
 * Runs a function outside of whatever AsyncLocalStorage context the caller is in. Our loop serves every task: entered from one
 * request's context, it would hand that context to all of them, and keep it alive.
 */
export const outside: <R>(run: () => R) => R = AsyncLocalStorage.snapshot();
