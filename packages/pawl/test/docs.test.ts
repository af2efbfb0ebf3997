/** The pages of the documentation name files that exist, and the output that they show is the program's. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { root, runCommand } from './support/command.ts';

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).map((file) => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}));

test('there are pages', () => {
  const files = pages.map(({ file }) => file).sort();
  assert.deepEqual(files.slice(0, 3), ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md']);
});

for (const { file, text } of pages) {
  test(`every relative link of ${file} leads to a file`, () => {
    const prose = text.replaceAll(/^```.*?^```/gms, '');
    const links = [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map((match) => match.groups?.['target'] ?? '');
    const targets = links.filter((target) => !/^(?:[a-z]+:|#)/.test(target)).map((target) => target.replace(/#.*/, ''));
    assert.deepEqual(
      targets.filter((target) => !existsSync(join(root, dirname(file), target))),
      [],
    );
  });
}

// Inside the project, so that `import 'pawl'` finds the workspace's package.
mkdirSync(join(root, 'tmp'), { recursive: true });
const folder = mkdtempSync(join(root, 'tmp', 'docs-'));
after(() => rmSync(folder, { recursive: true }));

/** A program that is directly followed by what it prints. */
const WITH_OUTPUT = /^```ts\n(?<code>(?:(?!```).*\n)*)```\n\n```text\n(?<output>(?:(?!```).*\n)*)```$/gm;

for (const { file, text } of pages) {
  for (const [index, match] of [...text.matchAll(WITH_OUTPUT)].entries()) {
    test(`program ${index + 1} of ${file} prints what the page says`, async () => {
      const program = join(folder, `${file.replaceAll('/', '-')}-${index}.ts`);
      writeFileSync(program, match.groups?.['code'] ?? '');
      const node = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning', program];
      const { stdout, stderr } = await runCommand(process.execPath, node);
      assert.equal(stdout, match.groups?.['output']);
      assert.equal(stderr, '');
    });
  }
}

test('the README shows a program with its output', () => {
  const readme = pages.find(({ file }) => file === 'README.md');
  assert.ok([...(readme?.text.matchAll(WITH_OUTPUT) ?? [])].length > 0);
});
