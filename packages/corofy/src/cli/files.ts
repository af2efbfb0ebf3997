/** Files of the command line: finding sources, compiling one, saying what there is to say. */
import { isUtf8 } from 'node:buffer';
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

/**
 * A file, or the sources below a folder (those in node_modules and in hidden folders excepted), or null. `except`: a folder that is left out,
 * which is the one that is written to.
 */
export function sourcesIn(path: string, except?: string): Sources | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isDirectory()) return { folder: null, files: [path] };
  const files: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === 'node_modules' || entry.name.startsWith('.')) continue;
      const inner = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (except === undefined || !isSame(inner, except)) visit(inner);
      } else if (SOURCE.test(entry.name) && isFile(inner)) files.push(inner);
    }
  };
  visit(path);
  return { folder: path, files };
}

/** Also behind a link; a link that leads nowhere is no file. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** True when both paths lead to the same file or folder. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

/** What the system says of a file; any other error is thrown on. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && 'syscall' in error) return error.message;
  throw error;
}

/** A source as it is, or null, which has been said: in another encoding its text would not be what its author sees. */
export function readSource(file: string): string | null {
  const bytes = readFileSync(file);
  if (isUtf8(bytes)) return bytes.toString();
  process.stderr.write(`corofy: ${file} is not UTF-8 text: save it in that encoding\n`);
  return null;
}

export interface CompiledFile extends TransformResult {
  readonly source: string;
  readonly good: boolean;
}

/** Compiles a file and prints its diagnostics. `place`: see `TransformOptions`. */
export function compileFile(file: string, options: Options, place?: string): CompiledFile {
  const source = readSource(file);
  if (source === null) return { code: '', map: null, diagnostics: [], compiled: [], source: '', good: false };
  const { strict, generators, backEnd } = options;
  const result = transform(source, { file, strict, generators, backEnd, ...(place === undefined ? {} : { place }) });
  for (const one of result.diagnostics) process.stderr.write(`${formatDiagnostic(one, source)}\n`);
  return { ...result, source, good: result.diagnostics.every(({ severity }) => severity !== 'error') };
}
