/**
 * The plugin for bundlers: `plugins: [corofy.vite()]`, or the member of another bundler's name.
 *
 * What must hold: it goes before what removes types, which the output still has; its map leads to the source, through those of the bundler.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDiagnostic, type Diagnostic } from '../diagnostics.ts';
import { chained, inlineMapOf } from '../output/chain.ts';
import type { SourceMap } from '../output/source-map.ts';
import { compileModule, pathOf, type PluginOptions } from './compile.ts';

export type { PluginOptions } from './compile.ts';

const NAME = 'corofy';

/** What Rollup, Rolldown and Vite call a plugin, as far as this one is one. */
export interface RollupPlugin {
  readonly name: string;
  /** Vite's: before its own plugins, which remove types. */
  readonly enforce: 'pre';
  transform(this: RollupContext, code: string, id: string): { code: string; map: RollupMap } | null;
  /** False: the bundler says nothing of it. */
  onLog(level: string, log: RollupLog): false | null;
}

/** What a bundler has to say, as far as this plugin looks at it. */
export interface RollupLog {
  readonly code?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly ids?: readonly string[] | undefined;
}

/** A source map as Rollup's types have it. */
export interface RollupMap {
  version: number;
  sources: string[];
  sourcesContent: string[];
  names: string[];
  mappings: string;
}

export interface RollupContext {
  error(error: { message: string; loc?: { file: string; line: number; column: number } }): never;
  warn(warning: { message: string; loc?: { file: string; line: number; column: number } }): void;
}

export interface EsbuildPlugin {
  readonly name: string;
  setup(build: EsbuildBuild): void;
}

export interface EsbuildBuild {
  onLoad(
    options: { filter: RegExp; namespace: string },
    load: (args: { path: string }) => Promise<EsbuildModule | undefined>,
  ): void;
}

export interface EsbuildModule {
  contents?: string;
  loader?: 'js' | 'jsx' | 'ts' | 'tsx';
  errors?: EsbuildMessage[];
  warnings?: EsbuildMessage[];
}

interface EsbuildMessage {
  text: string;
  location: { file: string; line: number; column: number; length: number; lineText: string };
}

export interface WebpackPlugin {
  apply(compiler: { options: { module: { rules: unknown[] } } }): void;
}

function rollup(options: PluginOptions = {}): RollupPlugin {
  const compiled = new Set<string>();
  return {
    name: NAME,
    enforce: 'pre',
    transform(code, id) {
      const path = pathOf(id, options);
      const result = path === null ? null : compileModule(code, path, options, path);
      if (result === null) return null;
      for (const one of result.diagnostics) {
        const { file, line, column, severity } = one;
        const what = { message: formatDiagnostic(one, code), loc: { file, line, column: column - 1 } };
        if (severity === 'error') this.error(what);
        this.warn(what);
      }
      if (result.map === null) return null;
      compiled.add(id);
      const { sources, sourcesContent, mappings } = result.map;
      const map = { version: 3, sources: [...sources], sourcesContent: [...sourcesContent], names: [], mappings };
      return { code: result.code, map };
    },
    onLog(_level, { code, names = [], ids = [] }) {
      // The marker's import stays in a compiled module, where nothing calls it any more.
      const ours = names.join() === 'coroutine' && ids.length > 0 && ids.every((id) => compiled.has(id));
      return code === 'UNUSED_EXTERNAL_IMPORT' && ours ? false : null;
    },
  };
}

function esbuild(options: PluginOptions = {}): EsbuildPlugin {
  return {
    name: NAME,
    setup(build) {
      // Modules that no file holds have a namespace of their own.
      build.onLoad({ filter: options.include ?? /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        if (pathOf(path, options) === null) return undefined;
        const source = await readFile(path, 'utf8');
        const result = compileModule(source, path, options, basename(path));
        if (result === null) return undefined;
        const { code, diagnostics } = result;
        const messages = (severity: Diagnostic['severity']): EsbuildMessage[] =>
          diagnostics.filter((one) => one.severity === severity).map((one) => message(one, source));
        const map = result.map === null ? '' : comment(withInput(result.map, source));
        return {
          contents: code + map,
          loader: loaderOf(path),
          errors: messages('error'),
          warnings: messages('warning'),
        };
      });
    },
  };
}

function message({ code, message: text, file, line, column, start, end }: Diagnostic, source: string): EsbuildMessage {
  const from = start - (column - 1);
  const lineText = /^.*/.exec(source.slice(from))?.[0] ?? '';
  const location = { file, line, column: Buffer.byteLength(source.slice(from, start)), length: end - start, lineText };
  return { text: `${code}: ${text}`, location };
}

/** A source that was generated itself leads on to what it was generated from. */
function withInput(map: SourceMap, source: string): SourceMap {
  const input = inlineMapOf(source);
  return input === null ? map : chained(map, input);
}

function comment(map: SourceMap): string {
  return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;
}

function loaderOf(path: string): 'js' | 'jsx' | 'ts' | 'tsx' {
  if (path.endsWith('sx')) return path.endsWith('tsx') ? 'tsx' : 'jsx';
  return path.endsWith('ts') ? 'ts' : 'js';
}

function webpack(options: PluginOptions = {}): WebpackPlugin {
  const file = import.meta.url.endsWith('.ts') ? './loader.ts' : './loader.js';
  const loader = fileURLToPath(new URL(file, import.meta.url));
  return {
    apply(compiler) {
      compiler.options.module.rules.push({
        test: options.include ?? /\.[cm]?[jt]sx?$/,
        exclude: options.exclude ?? /[\\/]node_modules[\\/]/,
        enforce: 'pre',
        use: [{ loader, options }],
      });
    },
  };
}

/**
 * The plugin, by bundler. Each takes the same options. An error in a marked function fails the build, with its place.
 *
 * @example
 * ```ts
 * import { corofy } from 'corofy/plugin';
 * console.log(corofy.esbuild({ strict: true }).name); // corofy
 * ```
 */
export const corofy: {
  readonly vite: (options?: PluginOptions) => RollupPlugin;
  readonly rollup: (options?: PluginOptions) => RollupPlugin;
  readonly rolldown: (options?: PluginOptions) => RollupPlugin;
  readonly esbuild: (options?: PluginOptions) => EsbuildPlugin;
  readonly webpack: (options?: PluginOptions) => WebpackPlugin;
} = { vite: rollup, rollup, rolldown: rollup, esbuild, webpack };

export default corofy;
