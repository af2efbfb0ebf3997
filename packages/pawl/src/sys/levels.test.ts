// The whole suite of `sys` on both levels of system calls: the other files of this folder, run in processes where each is forced.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const files = globSync('**/*.test.ts', { cwd: dirname(here) })
  .map((file) => join(dirname(here), file))
  .filter((file) => file !== here);

describe('the tests of sys', () => {
  for (const level of ['raw', 'libc']) {
    it(`pass on the ${level} level`, () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env; // it would make the inner runner report to the outer one
      const { status, stdout } = spawnSync(
        process.execPath,
        [...process.execArgv, '--no-warnings', '--test', '--test-isolation=none', '--test-reporter=tap', ...files],
        { encoding: 'utf8', env: { ...env, PAWL_SYSCALLS: level }, timeout: 120_000 },
      );
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^# pass [1-9]\d{1,}$/m);
      assert.match(stdout, /^# fail 0$/m);
    });
  }
});
