/** The compiler over code that others have written: each async function of the sources of the development dependencies. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../pawl/test/support/command.ts';
import { formatDiagnostic, transform } from '../src/index.ts';
import { mark } from './support/mark.ts';
import { assertValid } from './support/valid.ts';

/** Time for all of them; `COROFY_ALL=1` takes as long as it takes, and what is larger, too. */
const LIMITS = process.env['COROFY_ALL'] === '1' ? { ms: Infinity, length: Infinity } : { ms: 20_000, length: 150_000 };

/** What must be among them. */
const LEAST = { functions: 300, typescript: 20 };

test('the async functions of the development dependencies are compiled: it parses, its map is valid, the rest is as it was', (t) => {
  const modules = join(root, 'node_modules');
  const files = globSync('{*,@*/*}/**/*.{js,mjs,ts,mts,tsx}', {
    cwd: modules,
    exclude: (name) => /^(?:pawl|corofy|node)$/.test(name),
  });
  const started = performance.now();
  const counts = { files: 0, functions: 0, typescript: 0, left: 0 };
  const packages = new Set<string>();
  // Spread over all packages, should time run out.
  for (const file of files.filter((name) => !/\.d\.[mc]?ts$/.test(name)).sort((a, b) => hash(a) - hash(b))) {
    const stat = statSync(join(modules, file));
    if (!stat.isFile() || stat.size > LIMITS.length) continue;
    const source = readFileSync(join(modules, file), 'utf8');
    if (!source.includes('async')) continue;
    if (performance.now() - started > LIMITS.ms) {
      counts.left++;
      continue;
    }
    const input = mark(file, source);
    if (input === null || input.count === 0) continue;
    for (const backEnd of ['auto', 'closure'] as const) {
      const result = transform(input.text, { file, backEnd });
      const errors = result.diagnostics.filter(({ severity }) => severity === 'error');
      assert.deepEqual(
        errors.map((one): string => formatDiagnostic(one, input.text)),
        [],
      );
      assert.equal(result.compiled.length, input.count, file);
      assertValid(file, input.text, result);
    }
    packages.add(file.split('/')[0] as string);
    counts.files++;
    counts.functions += input.count;
    if (/\.[mc]?ts$/.test(file)) counts.typescript += input.count;
  }
  t.diagnostic(`${JSON.stringify(counts)} of ${packages.size} packages`);
  assert.ok(counts.functions >= LEAST.functions && counts.typescript >= LEAST.typescript, JSON.stringify(counts));
});

function hash(text: string): number {
  let value = 0;
  for (let at = 0; at < text.length; at++) value = (Math.imul(value, 31) + text.charCodeAt(at)) | 0;
  return value;
}
