/** The functions that set and clear timers, following a source: the globals, `node:timers`, and `AbortSignal.timeout`. */
import timers from 'node:timers';
import { promisify } from 'node:util';
import { alike, type Callable, type Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';
import { Immediate, Timeout, TimerNumbers, type TimerCallback } from './timer.ts';
import { patchTimerPromises } from './timer-promises.ts';

export function patchTimers(patches: Patches, source: PlatformSource): void {
  const active = (): boolean => patches.live && source.active();
  const numbers = new TimerNumbers();
  const promised = patchTimerPromises(patches, source);

  const setter =
    (make: (callback: TimerCallback, rest: unknown[]) => object) =>
    (original: Callable): Callable =>
      function (callback, ...rest) {
        // What is no function the original complains of.
        if (!active() || typeof callback !== 'function') return original.call(this, callback, ...rest);
        return make(callback as TimerCallback, rest);
      };
  const clearer = (original: Callable): Callable =>
    function (timer) {
      const known = timer instanceof Timeout ? timer : (numbers.get(timer) ?? timer);
      if (known instanceof Timeout) known.close();
      // Also after the end of the installation: whoever holds it may clean it up.
      else if (known instanceof Immediate) known[Symbol.dispose]();
      else original.call(this, timer);
    };
  const repeated = (repeat: boolean) =>
    setter((callback, [delay, ...args]) => new Timeout(source, numbers, callback, delay, args, repeat));
  const made: Record<string, (original: Callable) => Callable> = {
    setTimeout: repeated(false),
    setInterval: repeated(true),
    setImmediate: setter((callback, args) => new Immediate(source, callback, args)),
    clearTimeout: clearer,
    clearInterval: clearer,
    clearImmediate: clearer,
  };
  for (const [key, make] of Object.entries(made)) {
    const original = (timers as unknown as Record<string, Callable>)[key] as Callable;
    const following = alike(make(original), original);
    const promise = promised[key];
    if (promise !== undefined)
      Object.defineProperty(following, promisify.custom, { enumerable: true, get: () => promise });
    patches.set(timers, key, following);
    patches.set(globalThis, key, following);
  }
  patchAbortTimeout(patches, active, source);
}

function patchAbortTimeout(patches: Patches, active: () => boolean, source: PlatformSource): void {
  patches.wrap(
    AbortSignal,
    'timeout',
    (original) =>
      function (delay) {
        const usable = Number.isInteger(delay) && (delay as number) >= 0 && (delay as number) <= 0xffffffff;
        if (!active() || !usable) return original.call(this, delay);
        const controller = new AbortController();
        const abort = (): void =>
          controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        source.setTimer(abort, Math.max(delay as number, 1), { repeat: false, unref: true });
        return controller.signal;
      },
  );
}
