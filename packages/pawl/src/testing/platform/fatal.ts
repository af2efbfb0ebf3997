/**
 * What ends a process: an error that is thrown in a tick or in a microtask, and a rejection that nobody handles. In the source's world it
 * is told to the source, which stands in for the process.
 *
 * What must hold: it does not get out into Node's own loop, which is in the midst of its queues then.
 */
import type { Callable, Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';

export function patchFatal(patches: Patches, source: PlatformSource): void {
  if (source.fatal === undefined) return;
  const active = (): boolean => patches.live && source.active();
  const guarded = (callback: Callable): Callable =>
    function (...args) {
      try {
        callback.apply(this, args as unknown[]);
      } catch (error) {
        if (!active()) throw error;
        source.fatal?.(error);
      }
    };
  const guarding = (original: Callable): Callable =>
    function (callback, ...args) {
      // What is no function the original complains of.
      const usable = typeof callback === 'function' && active();
      return original.call(this, usable ? guarded(callback as Callable) : callback, ...args);
    };
  patches.wrap(process, 'nextTick', guarding);
  patches.wrap(globalThis, 'queueMicrotask', guarding);
  patches.wrap(
    process,
    'emit',
    (original) =>
      function (event, ...args) {
        if (event !== 'unhandledRejection' || !active()) return original.call(this, event, ...args);
        source.fatal?.(args[0]);
        return true;
      },
  );
}
