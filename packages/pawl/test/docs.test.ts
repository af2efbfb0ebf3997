/** The pages of the documentation name files and headings that exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from './support/command.ts';

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/corofy/README.md', 'examples/**/*.md'], { cwd: root }).map(
  (file) => ({
    file,
    text: readFileSync(join(root, file), 'utf8'),
  }),
);

test('there are pages', () => {
  const files = pages.map(({ file }) => file).sort();
  assert.deepEqual(files.slice(0, 3), ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md']);
});

for (const { file, text } of pages) {
  test(`every relative link of ${file} leads to a file, and to a heading in it`, () => {
    const targets = [...prose(text).matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
      (match) => match.groups?.['target'] ?? '',
    );
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    assert.deepEqual(
      relative.filter((target) => !leads(file, target)),
      [],
    );
  });
}

function leads(from: string, target: string): boolean {
  const [path = '', heading] = target.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (heading === undefined) return existsSync(join(root, file));
  const page = pages.find((other) => other.file === file);
  return page !== undefined && anchors(page.text).includes(heading);
}

/** The page without its blocks of code. */
function prose(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '');
}

/** The anchors that GitHub gives the headings: lower case, no punctuation, hyphens for spaces. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (?<heading>.+)$/gm)].map((match) =>
    (match.groups?.['heading'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
