/**
 * Calendar time that follows a source: Date, Temporal.Now, and the formatters that take the present moment for a missing one.
 *
 * What must hold: a Date made through either constructor, the platform's or this one, is an instance of both, and its `constructor` is the
 * global one. A class that was made from the platform's Date before the installation keeps the platform's time: nothing stands between
 * the two.
 */
import { alike, type Callable, type Patches } from './patches.ts';
import type { PlatformSource } from './source.ts';

export function patchDate(patches: Patches, source: PlatformSource): void {
  const Original = globalThis.Date;
  const realNow = Original.now;
  const active = (): boolean => patches.live && source.active();
  const now = alike((): number => (active() ? Math.floor(source.wallTime()) : realNow()), realNow);

  const Following = function (this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return new Original(now()).toString();
    return Reflect.construct(Original, args.length === 0 ? [now()] : args, new.target);
  };
  patches.set(Original, 'now', now);
  for (const key of Reflect.ownKeys(Original)) {
    Object.defineProperty(Following, key, Object.getOwnPropertyDescriptor(Original, key) as PropertyDescriptor);
  }
  patches.set(Original.prototype, 'constructor', Following);
  patches.set(globalThis, 'Date', Following);
  patchFormats(patches, active, () => source.wallTime());
  // A platform without it is no older than a year.
  if (typeof Temporal === 'object') patchTemporal(patches, active, () => source.wallTime());
}

/** `format()` of no date formats now. */
function patchFormats(patches: Patches, active: () => boolean, wallTime: () => number): void {
  const { prototype } = Intl.DateTimeFormat;
  patches.wrap(
    prototype,
    'formatToParts',
    (original) =>
      function (date, ...rest) {
        return original.call(this, date === undefined && active() ? wallTime() : date, ...rest);
      },
  );
  // An accessor, which gives each formatter one bound function, always the same.
  const bound = new WeakMap<object, Callable>();
  patches.read(
    prototype,
    'format',
    (read) =>
      function () {
        const original = read.call(this) as Callable;
        let made = bound.get(original);
        if (made === undefined) {
          made = alike((date) => original(date === undefined && active() ? wallTime() : date), original);
          bound.set(original, made);
        }
        return made;
      },
  );
}

function patchTemporal(patches: Patches, active: () => boolean, wallTime: () => number): void {
  const { Now } = Temporal;
  const instant = (): Temporal.Instant => {
    const ms = wallTime();
    const whole = Math.floor(ms);
    return Temporal.Instant.fromEpochNanoseconds(BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6)));
  };
  const zoned = (zone: unknown): Temporal.ZonedDateTime =>
    instant().toZonedDateTimeISO(zone === undefined ? Now.timeZoneId() : (zone as string));
  const follow = (key: string, read: (zone: unknown) => unknown): void =>
    patches.wrap(
      Now,
      key,
      (original) =>
        function (zone) {
          return active() ? read(zone) : original.call(this, zone);
        },
    );
  follow('instant', instant);
  follow('zonedDateTimeISO', zoned);
  follow('plainDateTimeISO', (zone) => zoned(zone).toPlainDateTime());
  follow('plainDateISO', (zone) => zoned(zone).toPlainDate());
  follow('plainTimeISO', (zone) => zoned(zone).toPlainTime());
}
