import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, runCommand } from '../../pawl/test/support/command.ts';

/** Tests of the kernel, and how many of their coroutines at least are compiled. */
const SUITES: Readonly<Record<string, number>> = {
  'future/coroutine': 10,
  'future/frame': 5,
  'future/trace': 12,
  'future/settle': 4,
  'future/shield': 5,
  'future/combinator': 4,
  'task/cleanup': 4,
  'task/scope': 5,
  'task/lint': 8,
  'task/dump': 3,
  'sync/channel': 5,
};

const suites = Object.entries(SUITES).flatMap(([name, least]) => [
  { name, least, form: 'async functions', COROFY_GENERATORS: undefined },
  { name, least, form: 'generators', COROFY_GENERATORS: '1' },
]);
for (const { name, least, form, COROFY_GENERATORS } of suites)
  test(`the kernel's tests of ${name} pass with their coroutines compiled, as ${form}`, async () => {
    const { code, stdout, stderr } = await runCommand(
      process.execPath,
      [
        '--conditions=pawl-source',
        '--disable-warning=ExperimentalWarning',
        '--import',
        './packages/corofy/test/support/kernel.ts',
        '--test-isolation=none',
        // It is about what was not compiled.
        '--test-skip-pattern=was not compiled',
        '--test',
        join('packages/pawl/src', `${name}.test.ts`),
      ],
      { cwd: root, env: { NODE_TEST_CONTEXT: undefined, COROFY_GENERATORS } },
    );
    assert.equal(code, 0, stdout);
    const compiled = Number(/(\d+) coroutines compiled/.exec(stderr + stdout)?.[1]);
    assert.ok(compiled >= least, `only ${compiled} were compiled`);
  });
