/**
 * The way of the `pawl` command into the library: this thread is prepared, and so will be those that it starts.
 *
 * What must hold: nothing here imports the library, see `prepare.ts`.
 */
import { prepare } from './prepare.ts';

/** Prepares the process and hands over to the command line. `sources`: run the TypeScript sources, not `dist`. */
export async function launch(options: { readonly sources: boolean }): Promise<void> {
  await prepare(options.sources);
  preload(new URL(`./preload.${options.sources ? 'ts' : 'js'}`, import.meta.url).href);
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
}

/** A thread that is started imports the module before anything else: see threads/boot.ts. */
function preload(url: string): void {
  const registry = globalThis as { [key: symbol]: string[] | undefined };
  (registry[Symbol.for('pawl.preload')] ??= []).push(url);
}
