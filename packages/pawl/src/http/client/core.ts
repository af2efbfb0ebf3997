/**
 * Core: what a client is to its requests; and the one that requests have without a client of their own.
 *
 * What must hold: connections belong to the driver whose events wake them, so there is one core of this kind for each.
 */
import { driverOf, type Timers } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { checkTls, credentialsOf } from '../../net/tls/options.ts';
import { checkLimits } from '../wire/limits.ts';
import type { ClientOptions, Settings } from './options.ts';
import { checkTime } from './plan.ts';
import { Pool } from './pool.ts';
import { NO_PROXIES, oneProxy, type Proxies, proxiesOf } from './proxy.ts';

export class Core {
  readonly pool: Pool;
  readonly settings: Settings;

  constructor(settings: Settings, proxies: Proxies) {
    this.settings = settings;
    this.pool = new Pool(settings.connections, settings.idleTimeout, proxies);
  }
}

const DEFAULTS = {
  connections: 128,
  idleTimeout: 4000,
  connectTimeout: 10_000,
  headTimeout: 300_000,
  bodyTimeout: 300_000,
};

/** Errors: BAD_ARGUMENT; BAD_URL for a proxy's. */
export function coreOf(options: ClientOptions): Core {
  const { connections = DEFAULTS.connections, limits = {}, proxy, tls = {} } = options;
  if (!Number.isInteger(connections) || connections < 1) {
    throw new PawlError('BAD_ARGUMENT', `connections must be a whole number of at least 1, got ${String(connections)}`);
  }
  checkTls(tls);
  credentialsOf(tls);
  const times = { ...DEFAULTS };
  for (const name of ['idleTimeout', 'connectTimeout', 'headTimeout', 'bodyTimeout'] as const) {
    checkTime(name, options[name]);
    times[name] = options[name] ?? DEFAULTS[name];
  }
  const { head = 64 * 1024, fields = 1000 } = limits;
  const proxies = proxy === undefined ? proxiesOf(process.env) : proxy === null ? NO_PROXIES : oneProxy(proxy);
  return new Core({ ...times, connections, limits: checkLimits({ head, fields }), tls }, proxies);
}

/** One for each driver: a wrapped one shares its timers. */
const cores = new WeakMap<Timers, Core>();
let lastTimers: Timers | null = null;
let lastCore: Core | null = null;

/** The core of the thread's own client. */
export function threadCore(cx: Context): Core {
  const { timers } = driverOf(cx);
  if (timers === lastTimers) return lastCore as Core;
  let core = cores.get(timers);
  if (core === undefined) {
    core = coreOf({});
    cores.set(timers, core);
  }
  lastTimers = timers;
  lastCore = core;
  return core;
}
