import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { callSite, replayCommand } from './command.ts';

test('the test that has called is known', () => {
  const { test: name, file, runner } = callSite();
  assert.deepEqual([name, file, runner], ['the test that has called is known', import.meta.filename, 'node']);
});

test('the command names the seed, the schedule, the file and the test, and a shell reads it as it is meant', () => {
  const file = `${process.cwd()}/it's here.test.ts`;
  const command = replayCommand(7, 'AQI', { test: `a (b) "c" $d 'e'`, file, runner: 'node' });
  const printing = command.replace(/ node /, ' printf "%s\\n" $PAWL_SEED ').replace(/^PAWL_SEED=\S+/, '');
  const { stdout } = spawnSync('sh', ['-c', printing], { encoding: 'utf8' });
  assert.match(command, /^PAWL_SEED=7:AQI node /);
  assert.deepEqual(stdout.trimEnd().split('\n').slice(-3), [
    '--test',
    String.raw`--test-name-pattern=^a \(b\) "c" \$d 'e'$`,
    "it's here.test.ts",
  ]);
  assert.doesNotMatch(command, /--tls-cipher-list|--test-reporter/);
});

test('outside of a runner it is the program, in vitest its own command', () => {
  const command = replayCommand(1, undefined, { test: undefined, file: `${process.cwd()}/a.ts`, runner: 'none' });
  assert.match(command, /^PAWL_SEED=1 node .*a\.ts$/);
  assert.equal(
    replayCommand(1, 'AQ', { test: undefined, file: undefined, runner: 'vitest' }),
    'PAWL_SEED=1:AQ npx vitest run',
  );
  assert.equal(replayCommand(1, 'AQ', { test: undefined, file: undefined, runner: 'node' }), 'PAWL_SEED=1:AQ npm test');
});
