/** Whether a rung does what its chapter's page says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstDifference } from './normal-form.ts';
import { pageOf, quotations } from './page.ts';
import { root, type Rung } from './rungs.ts';
import { type Ran, runRung } from './run-rung.ts';

/** What is wrong with a run, in one line; undefined when nothing is. */
export function fault({ id, chapter }: Rung, { stdout, stderr, how }: Ran): string | undefined {
  if (how !== 0) return `ended with ${how}: ${(stderr.trim() || stdout.trim()).split('\n').slice(-20).join('\n')}`;
  if (stderr !== '') return `said on standard error: ${stderr.trim()}`;
  const page = readFileSync(join(root, pageOf(chapter)), 'utf8');
  const shown = quotations(page).find((quoted) => quoted.kind === 'output' && quoted.id === id);
  if (shown === undefined) return `${pageOf(chapter)} does not show its output`;
  return firstDifference(stdout, shown.text);
}

/** A tenth of what is written; and half of it, where the machine is so busy that what is to come apart comes together. */
const PACES = [0.1, 0.5];

/** Runs a rung with short delays, and compares. */
export async function checked(rung: Rung): Promise<{ readonly unshown?: string; readonly fault?: string }> {
  let wrong: string | undefined;
  for (const pace of PACES) {
    const ran = await runRung(rung, { pace });
    if (ran.unshown !== undefined) return { unshown: ran.unshown };
    wrong = fault(rung, ran);
    if (wrong === undefined) return {};
  }
  return { fault: wrong as string };
}
