/**
 * What must happen on a thread before the library is loaded: Node's warning about FFI is hidden, and the names `pawl` and `pawl/…` are
 * bound to this very copy of the library.
 *
 * What must hold: nothing here imports the library (importing `node:ffi` anywhere in the graph prints the warning while
 * the graph is being linked), and no other warning is hidden.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** The package's folder: this file is in `src/cli` or in `dist/cli`. */
const home = new URL('../../', import.meta.url);

/** `sources`: the names mean the TypeScript sources, not `dist`. */
export async function prepare(sources: boolean): Promise<void> {
  await hideFfiWarning();
  bindNames(sources);
}

/**
 * Node prints the warning once, when `node:ffi` is first loaded: load it here, with a filter in place for just that time.
 * (`--disable-warning=ExperimentalWarning` would hide every experimental feature's warning, the program's own too.)
 */
async function hideFfiWarning(): Promise<void> {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (...args: unknown[]) => {
    if (!(args[1] === 'ExperimentalWarning' && String(args[0]).startsWith('FFI '))) {
      Reflect.apply(emitWarning, undefined, args);
    }
  };
  try {
    await import('node:ffi');
  } catch {
    // Switched off or denied: the driver says so when it is asked for, with the reason.
  } finally {
    process.emitWarning = emitWarning;
  }
}

/**
 * A program may stand anywhere, also where no node_modules holds a `pawl`, or another one. Two copies of the library in a
 * process have two `Future` classes, so the program gets the copy that runs it.
 */
function bindNames(sources: boolean): void {
  const manifest = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const urls = new Map<string, string>();
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    const file = typeof target === 'string' ? target : target[sources ? 'pawl-source' : 'default'];
    if (file !== undefined) urls.set(`pawl${subpath.slice(1)}`, new URL(file, home).href);
  }
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = urls.get(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}
