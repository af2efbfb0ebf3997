/** Whether a rung does what its chapter's page says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstDifference } from './normal-form.ts';
import { pageOf, quotations } from './page.ts';
import { root, type Rung } from './rungs.ts';
import type { Ran } from './run-rung.ts';

/** What is wrong with a run, in one line; undefined when nothing is. */
export function fault({ id, chapter }: Rung, { stdout, stderr, how }: Ran): string | undefined {
  if (how !== 0) return `ended with ${how}: ${(stderr.trim() || stdout.trim()).split('\n').slice(-20).join('\n')}`;
  if (stderr !== '') return `said on standard error: ${stderr.trim()}`;
  const page = readFileSync(join(root, pageOf(chapter)), 'utf8');
  const shown = quotations(page).find((quoted) => quoted.kind === 'output' && quoted.id === id);
  if (shown === undefined) return `${pageOf(chapter)} does not show its output`;
  return firstDifference(stdout, shown.text);
}
