/** The same coroutine compiled: the project's compiler writes the state machine, and the machine runs. */
import { teach } from 'corofy';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Future, run } from 'pawl';
import { root } from '../ladder/rungs.ts';
import { served } from '../ladder/served.ts';

// #region compile
const file = join(root, 'examples/teaching/programs/two-requests.ts');
const { code, diagnostics } = teach(readFileSync(file, 'utf8'), { file });
if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
console.log(code);
// #endregion

/** Imports what was compiled, from a folder of its own inside the project, where it finds `pawl` and its `../get.ts`. */
async function load(): Promise<() => Future<void>> {
  mkdirSync(join(root, 'tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, 'tmp', 'ladder-'));
  try {
    mkdirSync(join(folder, 'programs'));
    copyFileSync(join(root, 'examples/teaching/get.ts'), join(folder, 'get.ts'));
    const path = join(folder, 'programs/two-requests.ts');
    writeFileSync(path, code);
    const { default: main } = (await import(path)) as { readonly default: () => Future<void> };
    return main;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// #region run
await served(async (server) => {
  process.env['DELAY_SERVER'] = server.url;
  const main = await load();
  console.log('// ---- What it does: ----');
  await run(main());
});
// #endregion
