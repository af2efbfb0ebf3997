/** Each program in the teaching syntax is compiled by the command, type-checked, and run against a delay server. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fromPromise, run } from 'pawl';
import { pawl, root, runCommand, type Ended } from '../../packages/pawl/test/support/command.ts';
import { delayServer } from '../delay-server/server.ts';

const here = import.meta.dirname;
const corofy = join(root, 'packages/corofy/bin/corofy.js');
const names = readdirSync(join(here, 'programs')).map((file) => file.replace(/\.ts$/, ''));

mkdirSync(join(root, 'tmp'), { recursive: true });
// Inside the project, so that `import 'pawl'` finds the workspace's package.
const folder = mkdtempSync(join(root, 'tmp', 'teaching-'));
const built = (name: string): string => join(folder, 'programs', `${name}.ts`);

before(async () => {
  copyFileSync(join(here, 'get.ts'), join(folder, 'get.ts'));
  for (const name of names) {
    const { code, stderr } = await runCommand(process.execPath, [
      corofy,
      '--teach',
      join(here, 'programs', `${name}.ts`),
      '-o',
      built(name),
    ]);
    assert.deepEqual([code, stderr], [0, '']);
  }
});
after(() => rmSync(folder, { recursive: true }));

/** Runs what was built of a program, with a server of its own. */
function against(name: string): Promise<Ended & { readonly requests: readonly string[] }> {
  return run(function* () {
    const requests: string[] = [];
    const server = yield* delayServer((line) => requests.push(line));
    const ended = yield* fromPromise(pawl(['run', built(name)], { env: { DELAY_SERVER: server.url } }));
    yield* server.close();
    return { ...ended, requests };
  });
}

test('what is built type-checks, under the rules of the project', async () => {
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ extends: join(root, 'tsconfig.json'), include: ['.'] }));
  const { code, stdout } = await runCommand(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    config,
  ]);
  assert.deepEqual([code, stdout], [0, '']);
});

test('what is built shows the source, the states, and the code that was written', () => {
  for (const name of names) {
    const code = readFileSync(built(name), 'utf8');
    assert.match(code, /^\/\/ (?:export default )?coroutine function main\(\) \{$/m);
    assert.match(code, /^ {2}\| \{ readonly name: 'Start' \}$/m);
    assert.match(code, /^ {10}\/\/ ---- Code you actually wrote ----$/m);
    assert.doesNotMatch(code.replace(/^\/\/.*$/gm, ''), /coroutine function|\.wait\b|\bawait\b|\basync\b/);
  }
});

test('one request', async () => {
  const { code, stdout, stderr, requests } = await against('one-request');
  assert.deepEqual([code, stdout, stderr], [0, 'Program starting\nHelloCoroutine\n', '']);
  assert.deepEqual(requests, ['#1 - 60ms: HelloCoroutine']);
});

test('two requests, one after the other', async () => {
  const { code, stdout, requests } = await against('two-requests');
  assert.deepEqual([code, stdout], [0, 'Program starting\nHelloCoroutine\nHelloWait, after HelloCoroutine\n']);
  assert.deepEqual(requests, ['#1 - 60ms: HelloCoroutine', '#2 - 40ms: HelloWait']);
});

test('five requests at once are answered in the order of their delays, and joined in that of the list', async () => {
  const { code, stdout, requests } = await against('five-requests');
  const lines = [4, 3, 2, 1, 0].map((i) => `HelloWait${i}`);
  assert.equal(code, 0);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'Program starting',
    ...lines,
    `FINISHED: ${lines.toReversed().join(' ')}`,
  ]);
  assert.equal(requests.length, 5);
});

test('spawned tasks go on when their parent has nothing left to do', async () => {
  const { code, stdout } = await against('spawned');
  const lines = [4, 3, 2, 1, 0].map((i) => `#${i}: HelloWait${i}`);
  assert.equal(code, 0);
  assert.deepEqual(stdout.trimEnd().split('\n'), ['Program starting', 'all are spawned, and none has run', ...lines]);
});

test('waits in a loop and in a branch', async () => {
  const { code, stdout } = await against('loop-and-branch');
  assert.deepEqual([code, stdout], [0, '3…\n1…\nand one is missing\n']);
});
