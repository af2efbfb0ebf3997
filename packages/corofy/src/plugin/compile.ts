/**
 * What the plugins for all bundlers share: which modules are compiled, and how.
 *
 * What must hold: a bundle is one file, so a coroutine's place is its source's path, relative to where the bundler runs.
 */
import { relative } from 'node:path';
import { mayBeMarked } from '../syntax/marked.ts';
import { transform, type TransformOptions, type TransformResult } from '../transform.ts';

export interface PluginOptions extends Pick<
  TransformOptions,
  'backEnd' | 'generators' | 'markers' | 'runtime' | 'strict'
> {
  /** Which modules are looked at, by their path. Default: JavaScript and TypeScript, also with JSX. */
  readonly include?: RegExp;
  /** Which of them are not. Default: those in `node_modules`. */
  readonly exclude?: RegExp;
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const INSTALLED = /[\\/]node_modules[\\/]/;

/**
 * The path of a module that is to be looked at; null for others, and for modules that no file holds. A query comes after the name's extension: a
 * folder's name may have a `#`, too.
 */
export function pathOf(id: string, { include = SOURCE, exclude = INSTALLED }: PluginOptions): string | null {
  const path = id.replace(/(\.\w+)[?#].*$/, '$1');
  return path.startsWith('\0') || !include.test(path) || exclude.test(path) ? null : path;
}

/** What a module is compiled to; null when it marks nothing. `source`: what its map calls it. */
export function compileModule(
  code: string,
  path: string,
  options: PluginOptions,
  source: string,
): TransformResult | null {
  if (!mayBeMarked(code, options.generators)) return null;
  const { include: _include, exclude: _exclude, ...transforming } = options;
  const place = JSON.stringify(relative(process.cwd(), path).replaceAll('\\', '/'));
  const result = transform(code, { ...transforming, file: path, source, place });
  return result.map === null && result.diagnostics.length === 0 ? null : result;
}
