/** Every example in the documentation runs, ends by itself, prints what the page says that it prints, and type-checks. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import type { Progress } from './examples/batch.ts';
import { extract, findExamples, type Example } from './examples/extract.ts';
import { runCommand } from './support/command.ts';

const root = resolve(import.meta.dirname, '../../..');
/** How long one example may take before its process is ended. */
const BOUND_MS = 10_000;
const PER_PROCESS = 16;
/** The warning that a poll was slow is about a busy machine, not about the program. */
const SLOW = /^\(node:\d+\) \[SLOW_POLL\].*\n(?:\(Use `node --trace-warnings.*\n)?/gm;
const NODE_OPTIONS = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];

mkdirSync(join(root, 'tmp'), { recursive: true });
// Inside the project, so that `import 'pawl'` finds the workspace's package.
const folder = mkdtempSync(join(root, 'tmp', 'examples-'));
after(() => rmSync(folder, { recursive: true }));

const examples = findExamples(root);
for (const example of examples) {
  // Blank lines before it give stacks and type errors the line numbers of the original.
  writeFileSync(pathOf(example), `${'\n'.repeat(example.line - 1)}${example.code}\nexport {};\n`);
}
const silent = examples.filter(({ output }) => output === undefined);
const printing = examples.filter(({ output }) => output !== undefined);

test('a block in a doc comment and one in a page are found, with their lines', () => {
  const source = '/**\n * Says.\n * ```ts\n * if (x) {\n *   y();\n * }\n * ```\n */\n';
  assert.deepEqual(extract('a.ts', source), [{ file: 'a.ts', line: 4, code: 'if (x) {\n  y();\n}' }]);
  const page = 'Text\n```ts\nx();\n```\n```sh\nls\n```\n';
  assert.deepEqual(extract('a.md', page), [{ file: 'a.md', line: 3, code: 'x();' }]);
  const printing = '```ts\nx();\n```\n\n```text\n1\n\n2\n```\nAnd\n```text\n3\n```\n';
  assert.deepEqual(extract('a.md', printing), [{ file: 'a.md', line: 2, code: 'x();', output: '1\n\n2\n' }]);
  assert.throws(() => extract('a.md', '```ts\nx();\n```\n\n```text\n1\n'), /a\.md:6: .*not closed/);
  assert.throws(() => extract('a.md', '```ts\nx();\n'), /a\.md:2: .*not closed/);
  assert.throws(() => extract('a.ts', '/**\n * ```ts\n * x();\n */\nlet y;\n'), /a\.ts:3: .*not closed/);
});

test('an example that fails, never settles or ends its process does not hide its successors', async () => {
  const codes = [
    'throw new Error("thrown")',
    'await new Promise(() => {})',
    'process.exit(3)',
    'process.exitCode = 4',
    '',
  ];
  const files = codes.map((code, index) => {
    const path = join(folder, `broken-${index}.mjs`);
    writeFileSync(path, code);
    return path;
  });
  const [thrown, unsettled, ended, coded, good] = await runAll(files);
  assert.match(thrown ?? '', /Error: thrown/);
  assert.match(unsettled ?? '', /never settled/);
  assert.match(ended ?? '', /exit code 3/);
  assert.match(coded ?? '', /exit code 4/);
  assert.equal(good, undefined);
});

test('there are examples to run, and programs that show what they print', () => {
  assert.ok(silent.length > 0);
  assert.ok(printing.some(({ file }) => file === 'README.md'));
});

test('each idiom of promises is shown both ways, with what is printed', () => {
  const file = 'docs/coming-from-promises.md';
  const both = /^\*\*With promises\*\*\n\n```ts\n.*?^```text\n.*?^\*\*With Pawl\*\*\n\n```ts\n.*?^```text\n/ms;
  const idioms = readFileSync(join(root, file), 'utf8')
    .split(/^## /m)
    .filter((section) => section.includes('```'));
  assert.ok(idioms.length > 20);
  for (const idiom of idioms) assert.match(idiom, both);
  const shown = examples.filter((example) => example.file === file);
  assert.equal(shown.length, 2 * idioms.length);
  assert.ok(shown.every(({ output }) => output));
});

describe('each example runs and ends by itself', { concurrency: false }, async () => {
  const errors = await runAll(silent.map(pathOf));
  for (const [index, { file, line }] of silent.entries()) {
    const error = errors[index];
    test(`${file}:${line}`, () => assert.ok(error === undefined, error ?? ''));
  }
});

// A process each: what one of them leaves behind, or says on standard error, is nobody else's.
describe('each program prints what its page says', { concurrency: false }, () => {
  for (const example of printing) {
    test(`${example.file}:${example.line}`, async () => {
      const { stdout, stderr, code } = await runCommand(process.execPath, [...NODE_OPTIONS, pathOf(example)], {
        cwd: root,
      });
      assert.equal(stdout, example.output);
      assert.deepEqual({ stderr: stderr.replaceAll(SLOW, ''), code }, { stderr: '', code: 0 });
    });
  }
});

test('the examples type-check', { timeout: 60_000 }, () => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        noEmit: true,
        customConditions: ['pawl-source'],
        typeRoots: ['../../node_modules/@types'],
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: ['*.ts'],
    }),
  );
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
});

function pathOf({ file, line }: Example): string {
  return join(folder, `${file.replaceAll(/[^\w.]/g, '-')}-${line}.ts`);
}

/** The error of each file, undefined for those that ran well. */
async function runAll(files: readonly string[]): Promise<(string | undefined)[]> {
  const errors: (string | undefined)[] = [];
  for (let from = 0; from < files.length;) {
    const done = await runBatch(files.slice(from, from + PER_PROCESS));
    errors.push(...done);
    from += done.length;
  }
  return errors;
}

/** Runs files in one process until the last one, or the first that takes the process with it; returns at least one result. */
async function runBatch(files: readonly string[]): Promise<(string | undefined)[]> {
  const child = spawn(process.execPath, [...NODE_OPTIONS, join(import.meta.dirname, 'examples/batch.ts'), ...files], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => output.push(String(data)));
  const closed = new Promise<string>((done) => {
    child.on('close', (code, signal) => done(signal ?? `exit code ${code}`));
  });
  const done: (string | undefined)[] = [];
  const clock = setTimeout(() => child.kill('SIGKILL'), BOUND_MS);
  for await (const line of createInterface({ input: child.stdio[3] as NodeJS.ReadableStream })) {
    const progress = JSON.parse(line) as Progress;
    clock.refresh();
    if ('start' in progress) output.length = 0;
    else done.push(progress.error && `${progress.error}\n${output.join('')}`);
  }
  clearTimeout(clock);
  const how = await closed;
  // An example that ends the process itself is well behaved if it says 0; then its successors need another process.
  if (done.length < files.length) {
    done.push(how === 'exit code 0' ? undefined : `ended the process with ${how} (or never ended)\n${output.join('')}`);
  }
  return done;
}
