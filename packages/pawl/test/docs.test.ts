/** The pages of the documentation name files that exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from './support/command.ts';

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

for (const page of pages) {
  test(`every relative link of ${page} leads to a file`, () => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
    const links = [...text.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map((match) => match.groups?.['target'] ?? '');
    const files = links.filter((target) => !/^(?:[a-z]+:|#)/.test(target)).map((target) => target.replace(/#.*/, ''));
    const missing = files.filter((file) => !existsSync(join(root, dirname(page), file)));
    assert.deepEqual(missing, []);
  });
}

test('there are pages with links', () => {
  assert.ok(pages.includes('ARCHITECTURE.md') && pages.includes('CONTRIBUTING.md') && pages.includes('README.md'));
});
