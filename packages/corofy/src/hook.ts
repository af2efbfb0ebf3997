/**
 * The hook by which Node compiles modules as it loads them.
 *
 * What must hold: modules in node_modules, and those that mark nothing, are loaded as they are. Stack traces lead to the original line and
 * column. An error in a marked function is thrown where the module is imported. The parser, a native addon, is loaded for the first source that
 * may need it: a program without marked functions starts as fast, and with as few permissions, as without the hook.
 */
import { createRequire, registerHooks, setSourceMapsSupport } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Cache } from './cache.ts';
import { formatDiagnostic } from './diagnostics.ts';
import { mayBeMarked } from './syntax/marked.ts';
import type { TransformOptions } from './transform.ts';

export interface RegisterOptions extends Pick<
  TransformOptions,
  'backEnd' | 'generators' | 'markers' | 'runtime' | 'strict'
> {
  /** Where compiled modules are kept; null: nowhere. Default: `.cache/corofy` in the nearest node_modules above each, if there is one. */
  readonly cache?: string | null;
  /** What is done to a source before it is compiled. */
  readonly before?: (source: string, url: string) => string;
}

/**
 * Compiles what is imported from now on; gives what ends it.
 *
 * @example
 * ```ts
 * import { register } from 'corofy';
 * using hook = register({ strict: true });
 * console.log(typeof hook[Symbol.dispose]); // function
 * ```
 */
export function register(options: RegisterOptions = {}): Disposable {
  const { before, cache: folder, ...transforming } = options;
  let cache: Cache | null = null;
  let loading = false;
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!/^file:.*\.[cm]?[jt]sx?(?:\?|$)/.test(url) || url.includes('/node_modules/')) return loaded;
      if (loaded.format !== 'module' && loaded.format !== 'module-typescript') return loaded;
      const given = loaded.source;
      if (given === undefined || given === null) return loaded;
      let source = typeof given === 'string' ? given : new TextDecoder().decode(given);
      if (before !== undefined) source = before(source, url);
      // The compiler's own modules pass through here as well.
      if (loading || !mayBeMarked(source, transforming.generators)) return loaded;
      if (cache === null) {
        loading = true;
        try {
          cache = loadCache(folder);
        } finally {
          loading = false;
        }
      }
      const { code, map, diagnostics } = cache.transform(source, {
        ...transforming,
        file: fileURLToPath(url),
        source: url,
      });
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      if (errors.length > 0)
        throw new SyntaxError(`\n${errors.map((one) => formatDiagnostic(one, source)).join('\n')}`);
      for (const one of diagnostics) process.emitWarning(formatDiagnostic(one, source), { type: 'CorofyWarning' });
      if (map === null) return loaded;
      const inline = Buffer.from(JSON.stringify(map)).toString('base64');
      return { ...loaded, source: `${code}//# sourceMappingURL=data:application/json;base64,${inline}\n` };
    },
  });
  return { [Symbol.dispose]: () => hooks.deregister() };
}

/** A hook cannot wait for an import. */
function loadCache(folder: string | null | undefined): Cache {
  const file = import.meta.url.endsWith('.ts') ? './cache.ts' : './cache.js';
  const module = createRequire(import.meta.url)(file) as { readonly Cache: new (folder?: string | null) => Cache };
  return new module.Cache(folder);
}
