/** Monotonic clocks that follow a source: performance, process.hrtime and process.uptime. Marks and measures without a time are made now. */
import type { Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';

const NANOS = 1e6;

export function patchClocks(patches: Patches, source: PlatformSource): void {
  const active = (): boolean => patches.live && source.active();
  patchPerformance(patches, source, active);
  const nanoseconds = (): number => Math.round(source.monotonic() * NANOS);

  const real = process.hrtime;
  patches.wrap(process, 'hrtime', (original) => {
    const hrtime = (before?: unknown): unknown => {
      // It knows what may be given to it.
      const told = original(before);
      if (!active()) return told;
      const [seconds, rest] = (before ?? [0, 0]) as [number, number];
      const passed = nanoseconds() - seconds * 1e9 - rest;
      return [Math.floor(passed / 1e9), passed - Math.floor(passed / 1e9) * 1e9];
    };
    hrtime.bigint = (): bigint => (active() ? BigInt(nanoseconds()) : real.bigint());
    return hrtime;
  });
  patches.wrap(process, 'uptime', (original) => () => (active() ? source.monotonic() / 1000 : original.call(process)));
}

function patchPerformance(patches: Patches, source: PlatformSource, active: () => boolean): void {
  const { prototype } = Performance;
  const now = (): number => source.monotonic();
  patches.wrap(
    prototype,
    'now',
    (original) =>
      function () {
        return active() ? now() : original.call(this);
      },
  );
  // To the microsecond: the difference of two readings has the rounding errors of both.
  const origin = (): number => Math.round((source.wallTime() - now()) * 1000) / 1000;
  patches.read(
    prototype,
    'timeOrigin',
    (original) =>
      function () {
        return active() ? origin() : original.call(this);
      },
  );
  patches.wrap(
    prototype,
    'toJSON',
    (original) =>
      function () {
        // The rest of it is about the real process.
        return active() ? { timeOrigin: origin() } : original.call(this);
      },
  );
  patches.wrap(
    prototype,
    'mark',
    (original) =>
      function (name, options) {
        if (!active()) return original.call(this, name, options);
        return original.call(this, name, { ...(options as object | undefined), startTime: startOf(options) ?? now() });
      },
  );
  patches.wrap(
    prototype,
    'measure',
    (original) =>
      function (name, from, to) {
        return original.call(this, name, ...(active() ? span(from, to, now()) : [from, to]));
      },
  );
}

function startOf(options: unknown): unknown {
  return (options as { readonly startTime?: unknown } | undefined)?.startTime;
}

/** The arguments of `measure` with its end said. */
function span(from: unknown, to: unknown, now: number): unknown[] {
  if (typeof from !== 'object' || from === null) return [{ start: from ?? 0, end: to ?? now }];
  const { duration, end, start } = from as {
    readonly duration?: unknown;
    readonly end?: unknown;
    readonly start?: unknown;
  };
  if (end !== undefined || (duration !== undefined && start !== undefined)) return [from, to];
  return [{ ...from, end: now }, to];
}
