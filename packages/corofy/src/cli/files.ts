/** Files of the command line: finding sources, compiling one, saying what there is to say. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatDiagnostic } from '../diagnostics.ts';
import type { BackEnd } from '../machine/layout.ts';
import { transform, type TransformResult } from '../transform.ts';

export interface Options {
  readonly strict: boolean;
  readonly generators: boolean;
  readonly backEnd: BackEnd | 'auto';
  readonly map: boolean;
}

const SOURCE = /(?<!\.d)\.[cm]?[jt]sx?$/;

export interface Sources {
  /** The folder, or null for a single file. */
  readonly folder: string | null;
  readonly files: readonly string[];
}

/** A file, or the sources below a folder (those in node_modules and in hidden folders excepted), or null. */
export function sourcesIn(path: string): Sources | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isDirectory()) return { folder: null, files: [path] };
  const files: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const inner = join(folder, entry.name);
      if (entry.isDirectory()) visit(inner);
      else if (SOURCE.test(entry.name)) files.push(inner);
    }
  };
  visit(path);
  return { folder: path, files };
}

export interface CompiledFile extends TransformResult {
  readonly source: string;
  readonly good: boolean;
}

/** Compiles a file and prints its diagnostics. `place`: see `TransformOptions`. */
export function compileFile(file: string, options: Options, place?: string): CompiledFile {
  const source = readFileSync(file, 'utf8');
  const { strict, generators, backEnd } = options;
  const result = transform(source, { file, strict, generators, backEnd, ...(place === undefined ? {} : { place }) });
  for (const one of result.diagnostics) process.stderr.write(`${formatDiagnostic(one, source)}\n`);
  return { ...result, source, good: result.diagnostics.every(({ severity }) => severity !== 'error') };
}
