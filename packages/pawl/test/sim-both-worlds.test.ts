/**
 * Test files that were written for the kernel's network, over the simulated one: where they differ, the simulation is wrong. A test that
 * looks behind the driver, at a descriptor or a real socket, is left out by its name.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const FILES = [
  '../src/net/errors.test.ts',
  '../src/net/leaks.test.ts',
  '../src/net/stream.test.ts',
  '../src/net/wait-info.test.ts',
  '../src/io/copy.test.ts',
  '../src/net/udp/socket.test.ts',
  '../src/net/dns/resolver.test.ts',
  '../src/net/happy-eyeballs.test.ts',
  '../src/http/server/upgrade.test.ts',
];

/** A simulated world knows names without Node; the other asks the kernel for the options of a descriptor. */
const REAL_ONLY = [
  'believes the hosts file',
  'is refused when the environment asks for a resolver',
  'a name inside blockOn is that Node would have to run',
  'sets the options of its socket',
  'talks with one of Node',
];

const path = (of: string): string => fileURLToPath(new URL(of, import.meta.url));

/** Test files in a process of their own, with a simulated host for its driver. */
function simulated(environment: NodeJS.ProcessEnv): Promise<{ code: unknown; output: string }> {
  // What the runner of this file says to its children would make that runner one of them.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [
        ...process.execArgv.filter(
          (argument) => argument.startsWith('--conditions') || argument.startsWith('--disable'),
        ),
        '--import',
        path('support/simulated.ts'),
        '--test',
        '--test-isolation=none',
        '--test-reporter=tap',
        '--test-timeout=60000',
        ...REAL_ONLY.map((name) => `--test-skip-pattern=${name}`),
        ...FILES.map(path),
      ],
      { env: { ...inherited, ...environment }, maxBuffer: 1 << 26 },
      (error, output) => resolve({ code: error === null ? 0 : error.code, output }),
    );
  });
}

for (const seed of [undefined, '3'])
  test(`TCP, byte streams and HTTP ${seed === undefined ? 'on a quiet day' : 'with packets that are late'}`, async () => {
    const { code, output } = await simulated(seed === undefined ? {} : { PAWL_SIM_SEED: seed });
    const failed = output.match(/^ *not ok .*/gm) ?? [];
    assert.deepEqual([code, failed], [0, []], output.slice(-4000));
    const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1]);
    assert.ok(passed > 60, `only ${passed} tests have run`);
  });
