/** The tools of `pawl/testing` in test runners: node:test, and vitest where that is installed. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { root, runCommand } from './support/command.ts';

mkdirSync(join(root, 'tmp'), { recursive: true });
const folder = mkdtempSync(join(root, 'tmp', 'runners-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file of tests as a user writes it: the same for each runner, but for where `test` comes from. */
const tests = (runner: string): string => `
import assert from 'node:assert/strict';
import { test } from '${runner}';
import { setTimeout as later } from 'node:timers/promises';
import { coroutine, PENDING, run, sleep, timeout } from 'pawl';
import { assertNoLeaks, cancelAtEverySuspension, simulate, spawnTest, withClock } from 'pawl/testing';

const retrying = async (attempt) => {
  for (let delay = 100; ; delay *= 2) {
    if (await attempt()) return Date.now();
    await later(delay);
  }
};

test('a clock moves promise code', () => withClock(async (clock) => {
  let attempts = 0;
  const start = Date.now();
  const done = retrying(async () => ++attempts === 4);
  await clock.advance(700);
  assert.equal((await done) - start, 700);
}));

test('a clock moves Pawl code', () => withClock(function* (clock) {
  const code = run(timeout(30_000, sleep(60_000))).catch((error) => error.code);
  yield* clock.advance(30_000);
  assert.equal(yield* assertNoLeaks(() => code), 'TIMEOUT');
}));

test('time is real again between tests', async () => {
  const start = performance.now();
  await later(2);
  await sleep(1);
  assert.ok(performance.now() > start);
});

test('a failure is the runner\\'s, and the next test has a clean platform', async () => {
  await assert.rejects(withClock(async () => assert.equal(1, 2)), { code: 'ERR_ASSERTION' });
});

test('a future is a test result', () => assertNoLeaks(sleep(1)));

test('polling by hand', () => {
  using nap = spawnTest(sleep(5));
  assert.equal(nap.poll(), PENDING);
  nap.advance(5);
  assert.equal(nap.poll(), undefined);
});

test('cancelling everywhere', async () => {
  const program = coroutine(function* () { yield* sleep(1); yield* sleep(1); });
  assert.equal(await cancelAtEverySuspension(() => program()), 2);
});

test('a simulated world', () => simulate({ seeds: 5 }, function* () { yield* sleep(60_000); }));
`;

const NODE = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'];

/** A runner that is told of another one around it reports to that. */
const ALONE = { NODE_TEST_CONTEXT: undefined };

test('they work in node:test', { timeout: 60_000 }, async () => {
  const file = join(folder, 'tools.test.mjs');
  writeFileSync(file, tests('node:test'));
  const { code, stdout } = await runCommand(process.execPath, [...NODE, '--test', '--test-reporter=tap', file], {
    cwd: root,
    env: ALONE,
  });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^# pass 8$/m);
});

// Not among the dependencies: 40 MB, with native parts for each platform. `npm install --no-save vitest` brings it.
test('they work in vitest', { timeout: 60_000 }, async (t) => {
  let vitest: string;
  try {
    vitest = dirname(createRequire(join(root, 'package.json')).resolve('vitest/package.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    t.skip('vitest is not installed');
    return;
  }
  const home = join(folder, 'vitest');
  mkdirSync(home);
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'tools.test.js'), tests('vitest'));
  // Pawl itself is loaded by Node, as any installed package is.
  writeFileSync(
    join(home, 'vitest.config.js'),
    `export default {
      test: { server: { deps: { external: [/packages\\/pawl/] } } },
      ssr: { resolve: { conditions: ['pawl-source', 'node', 'import'], externalConditions: ['pawl-source', 'node'] } },
    };`,
  );
  const { code, stderr, stdout } = await runCommand(
    process.execPath,
    [join(vitest, 'vitest.mjs'), 'run', '--no-color'],
    {
      cwd: home,
      env: { ...ALONE, NODE_OPTIONS: NODE.join(' ') },
    },
  );
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /Tests +8 passed/);
});
