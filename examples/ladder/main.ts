/**
 * `npm run ladder` lists the rungs, `npm run ladder -- 8b` runs one, `-- 8` a chapter. `-- all` runs all at a tenth of their delays and compares what they print
 * with the pages; it ends with 1 if any differs. `-- pages` writes into the pages what they quote, from runs at full length.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PawlError } from 'pawl';
import { checked } from './check.ts';
import { fill, pageOf, regionOf } from './page.ts';
import { runRung } from './run-rung.ts';
import { chosen, findRungs, root, type Rung } from './rungs.ts';

function list(): void {
  console.log('The ladder. Read docs/ladder/README.md, and run a rung by its name: npm run ladder -- 8b\n');
  for (const { id, shows } of findRungs()) console.log(`  ${id.padEnd(3)} ${shows}`);
}

async function watch(rungs: readonly Rung[]): Promise<void> {
  for (const [index, rung] of rungs.entries()) {
    if (rungs.length > 1) console.log(`${index === 0 ? '' : '\n'}── ${rung.id}: ${rung.shows}\n`);
    const { how, unshown } = await runRung(rung, { watched: true });
    if (how !== 0 && unshown === undefined) process.exitCode = typeof how === 'number' ? how : 1;
  }
}

async function checkAll(): Promise<void> {
  for (const rung of findRungs()) {
    const began = performance.now();
    const { unshown, fault: wrong } = await checked(rung);
    const verdict = unshown ?? wrong ?? `ok, ${((performance.now() - began) / 1000).toFixed(1)} s`;
    console.log(`  ${rung.id.padEnd(3)} ${wrong === undefined ? '' : 'DIFFERS: '}${verdict}`);
    if (wrong !== undefined) process.exitCode = 1;
  }
}

async function writePages(only: string): Promise<void> {
  const rungs = chosen(only);
  for (const chapter of new Set(rungs.map((rung) => rung.chapter))) {
    const outputs = new Map<string, string>();
    for (const rung of rungs.filter((other) => other.chapter === chapter)) {
      const ran = await runRung(rung, { pace: 1 });
      if (ran.unshown !== undefined) continue; // what another system has shown stays
      if (ran.how !== 0) throw new PawlError('BAD_ARGUMENT', `rung ${rung.id} ended with ${ran.how}:\n${ran.stderr}`);
      outputs.set(rung.id, ran.stdout);
    }
    const path = join(root, pageOf(chapter));
    const page = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      fill(page, (quoted) => (quoted.kind === 'code' ? regionOf(quoted.file, quoted.region) : outputs.get(quoted.id))),
    );
    console.log(`  ${pageOf(chapter)}`);
  }
}

const [name, only, ...more] = process.argv.slice(2);
try {
  if (more.length > 0 || (only !== undefined && name !== 'pages'))
    throw new PawlError('BAD_ARGUMENT', 'the ladder takes one rung: npm run ladder -- 8b');
  if (name === undefined) list();
  else if (name === 'all') await checkAll();
  else if (name === 'pages') await writePages(only ?? 'all');
  else await watch(chosen(name));
} catch (error) {
  if (!(error instanceof PawlError)) throw error;
  console.error(`ladder: ${error.message}`);
  process.exitCode = 1;
}
