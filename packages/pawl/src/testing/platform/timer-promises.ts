/**
 * `node:timers/promises`, following a source.
 *
 * What must hold: an abort clears the timer and rejects with an AbortError whose cause is the signal's reason; nothing stays on the signal
 * afterwards. Options that make no sense are the original's to refuse.
 */
import timers from 'node:timers/promises';
import type { Callable, Patches } from './patches.ts';
import type { PlatformSource, TimerToken } from './source.ts';

interface Options {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** Gives the functions that promisify of the callback forms gives. */
export function patchTimerPromises(patches: Patches, source: PlatformSource): Readonly<Record<string, Callable>> {
  const active = (): boolean => patches.live && source.active();
  const wait = (delay: unknown, value: unknown, { signal, ref }: Options): Promise<unknown> =>
    settled(source, value, signal, (done) =>
      source.setTimer(done, duration(delay), { repeat: false, unref: ref === false }),
    );
  patches.wrap(timers, 'setTimeout', (original) => (delay, value, options) => {
    if (!active() || !isNumber(delay) || !isOptions(options)) return original(delay, value, options);
    return wait(delay, value, options ?? {});
  });
  patches.wrap(timers, 'setImmediate', (original) => (value, options) => {
    if (!active() || !isOptions(options)) return original(value, options);
    return settled(source, value, options?.signal, (done) => source.immediate(done));
  });
  patches.wrap(timers, 'setInterval', (original) => (delay, value, options) => {
    if (!active() || !isNumber(delay) || !isOptions(options)) return original(delay, value, options);
    return ticks(source, duration(delay), value, options ?? {});
  });
  const scheduler = Object.getPrototypeOf(timers.scheduler) as object;
  patches.wrap(
    scheduler,
    'wait',
    (original) =>
      function (delay, options) {
        if (!active() || !isNumber(delay) || !isOptions(options)) return original.call(this, delay, options);
        return wait(delay, undefined, options ?? {});
      },
  );
  patches.wrap(
    scheduler,
    'yield',
    (original) =>
      function () {
        return active() ? settled(source, undefined, undefined, (done) => source.immediate(done)) : original.call(this);
      },
  );
  const { setImmediate, setTimeout } = timers as unknown as Record<string, Callable>;
  return { setTimeout: setTimeout as Callable, setImmediate: setImmediate as Callable };
}

function settled(
  source: PlatformSource,
  value: unknown,
  signal: AbortSignal | undefined,
  arm: (done: () => void) => TimerToken,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const token = arm(() => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    const abort = (): void => {
      source.clearTimer(token);
      reject(abortError(signal));
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Ticks that nobody has taken yet are kept: none is lost by a slow reader. */
async function* ticks(source: PlatformSource, delay: number, value: unknown, options: Options): AsyncGenerator {
  const { ref, signal } = options;
  const aborted = (): boolean => signal?.aborted === true;
  if (aborted()) throw abortError(signal);
  let due = 0;
  let wake = (): void => {};
  const onTick = (): void => {
    due++;
    wake();
  };
  const onAbort = (): void => wake();
  const token = source.setTimer(onTick, delay, { repeat: true, unref: ref === false });
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      if (due === 0 && !aborted()) await new Promise<void>((resolve) => (wake = resolve));
      for (; due > 0; due--) yield value;
      if (aborted()) throw abortError(signal);
    }
  } finally {
    source.clearTimer(token);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** As Node's own, whose class it does not hand out. */
function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { code: 'ABORT_ERR', name: 'AbortError' });
}

function isNumber(delay: unknown): boolean {
  return delay === undefined || typeof delay === 'number';
}

function isOptions(options: unknown): options is Options | undefined {
  if (options === undefined) return true;
  if (typeof options !== 'object' || options === null) return false;
  const { ref, signal } = options as Record<string, unknown>;
  return (ref === undefined || typeof ref === 'boolean') && (signal === undefined || signal instanceof AbortSignal);
}

function duration(delay: unknown): number {
  const number = Math.trunc((delay as number | undefined) ?? 1);
  return number >= 1 && number <= 0x7fffffff ? number : 1;
}
