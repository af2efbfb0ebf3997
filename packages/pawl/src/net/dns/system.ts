/**
 * The system's names: whether a resolver of our own finds what the C library would, and that resolver.
 *
 * What must hold: one a driver, so that all who connect share its cache.
 */
import { type Driver, driverOf } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { coroutine } from '../../future/coroutine.ts';
import { Future } from '../../future/future.ts';
import { ConfigFile } from './config-file.ts';
import { isOurs, NO_NSSWITCH, parseNsswitch } from './nsswitch.ts';
import { Resolver } from './resolver.ts';

class SystemNames {
  readonly resolver: Resolver = new Resolver();
  readonly switch: ConfigFile<readonly string[]> = new ConfigFile('/etc/nsswitch.conf', parseNsswitch, NO_NSSWITCH);
}

const perDriver = new WeakMap<Driver, SystemNames>();

/** Null in a world that knows names otherwise. */
class OwnNames extends Future<SystemNames | null> {
  override poll(cx: Context): SystemNames | null {
    const driver = driverOf(cx);
    if (driver.net.namesByFiles !== true) return null;
    let names = perDriver.get(driver);
    if (names === undefined) perDriver.set(driver, (names = new SystemNames()));
    return names;
  }
}

/** What PAWL_NAMES forces. Throws BAD_ARGUMENT for what it cannot. */
export function forcedNames(): 'own' | 'system' | null {
  const forced = process.env['PAWL_NAMES'];
  if (forced === 'own' || forced === 'system') return forced;
  if (forced === undefined || forced === '') return null;
  throw new PawlError('BAD_ARGUMENT', `PAWL_NAMES must be own or system, got ${forced}`);
}

/** Which resolver is used, and why. */
export interface NamesChoice {
  readonly own: boolean;
  readonly why: string;
}

export function chooseNames(sources: readonly string[], forced: 'own' | 'system' | null): NamesChoice {
  if (forced !== null) return { own: forced === 'own', why: `PAWL_NAMES is ${forced}` };
  const listed = sources.join(' ');
  return isOurs(sources)
    ? { own: true, why: `nsswitch.conf looks for hosts in: ${listed}` }
    : { own: false, why: `nsswitch.conf looks for hosts in other places than files and dns: ${listed}` };
}

/** The resolver of this machine, or null where the system is to be asked. Cancelling it is *safe*. */
export const systemResolver: () => Future<Resolver | null> = coroutine(function* () {
  const names = yield* new OwnNames();
  if (names === null) return null;
  const forced = forcedNames();
  const sources = forced === null ? yield* names.switch.read() : [];
  return chooseNames(sources, forced).own ? names.resolver : null;
});
