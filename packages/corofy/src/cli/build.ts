/**
 * Building: a file or a folder to another place.
 *
 * What must hold: a source with an error leaves what was built of it before. What is written is never read as a source. Watching ends with the
 * process, and compiles only what has changed.
 */
import { mkdirSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { compileFile, messageOf, sourcesIn, type CompiledFile, type Options } from './files.ts';

/** Compiles a file to another, or to standard output; false when it has errors. */
export function buildFile(file: string, out: string | undefined, options: Options): boolean {
  const result = compileFile(file, options, out === undefined ? undefined : placeOf(file, out));
  if (!result.good) return false;
  if (out === undefined) process.stdout.write(result.code);
  else write(file, out, result, options);
  return true;
}

/** Where a compiled coroutine's lines are: in its source, which stands beside or above what was built of it. */
function placeOf(file: string, out: string): string {
  const path = relative(dirname(resolve(out)), resolve(file)).replaceAll('\\', '/');
  return `new URL(${JSON.stringify(path.startsWith('.') ? path : `./${path}`)}, import.meta.url).href`;
}

function write(file: string, out: string, { code, map }: CompiledFile, options: Options): void {
  mkdirSync(dirname(out), { recursive: true });
  if (map === null || !options.map) {
    writeFileSync(out, code);
    return;
  }
  const source = relative(dirname(resolve(out)), resolve(file)).replaceAll('\\', '/');
  writeFileSync(out, `${code}//# sourceMappingURL=${basename(out)}.map\n`);
  writeFileSync(`${out}.map`, JSON.stringify({ ...map, file: basename(out), sources: [source] }));
}

/** Compiles the sources of a folder; false when one has errors. */
export function buildFolder(folder: string, out: string, options: Options): boolean {
  const files = sourcesIn(folder, out)?.files ?? [];
  let good = true;
  for (const file of files) good = buildFile(file, join(out, relative(folder, file)), options) && good;
  return good;
}

/** Compiles what changes, until the process ends. */
export async function watchFolder(folder: string, out: string, options: Options): Promise<void> {
  const pending = new Set<string>();
  const build = (): void => {
    const sources = new Set(sourcesIn(folder, out)?.files);
    for (const file of pending) {
      if (!sources.has(file)) continue;
      let good = false;
      try {
        good = buildFile(file, join(out, relative(folder, file)), options);
      } catch (error) {
        // It may be gone again, or be there with its next change.
        process.stderr.write(`corofy: ${messageOf(error)}\n`);
      }
      process.stderr.write(`${good ? 'compiled' : 'not compiled'}: ${file}\n`);
    }
    pending.clear();
  };
  await new Promise<void>((end) => {
    const watcher = watch(folder, { recursive: true }, (_event, name) => {
      if (name === null) return;
      // An editor's save is several events.
      if (pending.size === 0) setTimeout(build, 20);
      pending.add(join(folder, name));
    });
    watcher.on('close', end);
    process.stderr.write(`watching ${folder}\n`);
  });
}
