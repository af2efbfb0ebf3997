/**
 * Installing: the platform follows a source until the installation is disposed of.
 *
 * What must hold: one installation at a time on a thread, whichever copy of this package it came from: two sources would follow each other's
 * timers. Disposing leaves every property of the platform as it was. Pawl's own driver follows nothing: it has taken its functions at load.
 */
import { PawlError } from '../../error/index.ts';
import { patchClocks } from './clocks.ts';
import { patchDate } from './date.ts';
import { patchFatal } from './fatal.ts';
import { Patches } from './patches.ts';
import { patchRandom } from './random.ts';
import { refuseRealWorld } from './real-world.ts';
import type { PlatformSource } from './source.ts';
import { patchTimers } from './timers.ts';

const KEY = Symbol.for('pawl.platform');

/**
 * Makes the platform follow a source: while `source.active()`, what it tells of time and randomness, and every timer that is set, is the
 * source's. That holds for the globals and for everything imported from Node's own modules by name; not for what CommonJS code has taken
 * out of them before (`const { setTimeout } = require('node:timers')`), nor for classes that were derived from `Date` before.
 *
 * Follow: `Date`, `Temporal.Now`, `Intl.DateTimeFormat` (of no date), `performance`, `process.hrtime` and `uptime`; `Math.random`,
 * `crypto.getRandomValues`, `randomUUID`, `randomBytes`, `randomInt`, `randomFill`; `setTimeout`, `setInterval`, `setImmediate` and what clears
 * them, `node:timers/promises`, `AbortSignal.timeout`. With `source.refuse` the real world is refused by the name of the call: files, sockets,
 * processes, threads, name lookups, `fetch`, `process.exit`, work that Node does on other threads. `source.fatal` is told what would end the
 * process.
 *
 * The installation costs about a third of a millisecond: install once for many worlds, and let `active` tell. Errors: BUSY when a
 * source is installed on this thread already. It ends when it is disposed of.
 *
 * @example
 * ```ts
 * import { installPlatform } from 'pawl/testing';
 * {
 *   using _ = installPlatform({
 *     active: () => true,
 *     wallTime: () => 0,
 *     monotonic: () => 1234.5,
 *     setTimer: (callback) => void callback(),
 *     clearTimer() {},
 *     immediate: (callback) => void callback(),
 *   });
 *   console.log(new Date().toISOString(), performance.now()); // 1970-01-01T00:00:00.000Z 1234.5
 *   setTimeout(() => console.log('at once'), 60_000); // at once
 * }
 * console.log(Date.now() > 0); // true
 * ```
 */
export function installPlatform(source: PlatformSource): Disposable {
  const registry = globalThis as unknown as { [KEY]?: Patches };
  if (registry[KEY] !== undefined) {
    throw new PawlError(
      'BUSY',
      'the platform follows a source already (a simulated world or a paused clock): it cannot follow two at once',
    );
  }
  const patches = new Patches();
  try {
    patchDate(patches, source);
    patchClocks(patches, source);
    patchTimers(patches, source);
    patchRandom(patches, source);
    patchFatal(patches, source);
    refuseRealWorld(patches, source);
  } catch (error) {
    patches[Symbol.dispose]();
    throw error;
  }
  patches.sync();
  registry[KEY] = patches;
  return {
    [Symbol.dispose]() {
      if (!patches.live) return;
      patches[Symbol.dispose]();
      patches.sync();
      delete registry[KEY];
    },
  };
}
