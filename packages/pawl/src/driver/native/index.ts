/**
 * How to get the native driver.
 *
 * What must hold: importing this file loads nothing of the system's and works everywhere, also without FFI; what stands on `sys` is
 * loaded by the first call. The driver is registered on the thread's global object, so that a second copy of the package joins the first:
 * two host loops on one thread would keep each other's timeout at 0 and burn the core.
 */
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import type { LoopMode } from './loop.ts';
import type { NativeDriver } from './native.ts';
// Now, not with the driver: until its first use a test may have installed fake timers, and a server be within a request's context.
import './platform.ts';

export interface NativeDriverOptions {
  /**
   * Which loop owns the thread; the first call on a thread chooses. Default: the environment's PAWL_LOOP (of which a worker, where
   * guest mode is impossible, ignores `guest`), else `host`.
   */
  readonly loop?: LoopMode;
}

const KEY = Symbol.for('pawl.driver.native');

/**
 * The native driver of this thread, made at the first call. Throws UNSUPPORTED_PLATFORM where Node has no node:ffi or the system is not
 * Linux, FFI_DENIED where the permission model forbids FFI, and BAD_ARGUMENT for a mode that does not exist, that a worker cannot
 * have (guest), or that differs from the one in which this thread's loop runs already.
 */
export function nativeDriver(options: NativeDriverOptions = {}): NativeDriver {
  const registry = globalThis as unknown as { [KEY]?: NativeDriver };
  const driver = registry[KEY];
  if (driver === undefined) return (registry[KEY] = create(options.loop));
  if (options.loop !== undefined && options.loop !== driver.mode) {
    throw new PawlError('BAD_ARGUMENT', `this thread's loop runs in ${driver.mode} mode already`);
  }
  return driver;
}

function create(option: LoopMode | undefined): NativeDriver {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (process.platform !== 'linux') {
    throw new PawlError('UNSUPPORTED_PLATFORM', `the native driver needs Linux, this is ${process.platform}`);
  }
  if (major < 26 || (major === 26 && minor < 1)) {
    throw new PawlError(
      'UNSUPPORTED_PLATFORM',
      `the native driver needs Node 26.1 or newer, this is ${process.version}`,
    );
  }
  const name = new URL(import.meta.url).pathname.endsWith('.ts') ? './native.ts' : './native.js';
  // Not an import: a static one would load the system's layer for whoever only imports the package, and a dynamic one is not a plain call.
  const { NativeDriver } = createRequire(import.meta.url)(name) as typeof import('./native.ts');
  const mode = checkMode(option ?? process.env['PAWL_LOOP']);
  // Workers inherit the environment, which speaks for the whole process: it must not break those that it starts.
  if (option === undefined && mode === 'guest' && !isMainThread)
    return new NativeDriver('host', 'in a worker, which cannot have the guest mode that PAWL_LOOP asks for');
  return new NativeDriver(mode);
}

function checkMode(mode: string | undefined): LoopMode {
  if (mode === 'host' || mode === 'guest') return mode;
  if (mode === undefined || mode === '') return 'host';
  throw new PawlError('BAD_ARGUMENT', `the loop's mode (option loop, or PAWL_LOOP) must be host or guest, got ${mode}`);
}
