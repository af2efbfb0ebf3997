/**
 * The compiler of coroutine(async …), where its package corofy is installed: beside the program, or beside this package.
 *
 * What must hold: a program that needs no compiler runs without one.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Registers the compiler for what is imported from now on. */
export async function registerCompiler(program: string): Promise<void> {
  const hook = find(resolve(program)) ?? find(fileURLToPath(import.meta.url));
  if (hook === null) return;
  const { href } = pathToFileURL(hook);
  await import(href);
  // Threads that the program starts compile theirs as well: see threads/boot.ts.
  const registry = globalThis as { [key: symbol]: string[] | undefined };
  const preload = (registry[Symbol.for('pawl.preload')] ??= []);
  if (!preload.includes(href)) preload.push(href);
}

/** The file to import, as it is seen from another one. */
function find(from: string): string | null {
  let manifest: string;
  try {
    manifest = realpathSync(createRequire(from).resolve('corofy/package.json'));
  } catch {
    return null;
  }
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports: Record<string, Record<string, string>> };
  const entry = exports['./register'];
  // In the project's own workspace the sources run as they are; Node strips no types below node_modules.
  const wanted = manifest.includes('/node_modules/') ? entry?.['default'] : entry?.['pawl-source'];
  const file = wanted === undefined ? null : join(dirname(manifest), wanted);
  return file !== null && existsSync(file) ? file : null;
}
