/** `corofy --teach`: a file in the teaching syntax to another one, or to standard output. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatDiagnostic } from '../diagnostics.ts';
import { teach } from '../teach/teach.ts';
import { readSource } from './files.ts';

/** False when the file has errors. */
export function teachFile(file: string, out: string | undefined): boolean {
  const source = readSource(file);
  if (source === null) return false;
  const { code, diagnostics } = teach(source, { file });
  for (const one of diagnostics) process.stderr.write(`${formatDiagnostic(one, source)}\n`);
  if (diagnostics.some(({ severity }) => severity === 'error')) return false;
  if (out === undefined) process.stdout.write(code);
  else {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, code);
  }
  return true;
}
