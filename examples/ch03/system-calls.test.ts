/** Each system's way to standard output, on that system. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SYSTEMS } from './systems.ts';

/** What a process prints that calls one level of a row of the table. */
function printed(platform: string, level: 'rawLevel' | 'libraryLevel'): string {
  const code = `
    import { SYSTEMS } from ${JSON.stringify(join(import.meta.dirname, 'systems.ts'))};
    await SYSTEMS.find((system) => system.platform === '${platform}').${level}('hello, ${platform}');`;
  const flags = ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning', '--input-type=module'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, '--eval', code], { encoding: 'utf8' });
  assert.deepEqual({ stderr, status }, { stderr: '', status: 0 });
  return stdout;
}

for (const { platform, rawLevel } of SYSTEMS) {
  describe(
    `on ${platform}`,
    { skip: platform !== process.platform && `it runs on ${platform} only, this is ${process.platform}` },
    () => {
      test('a raw instruction prints', { skip: rawLevel === undefined && 'its numbers are private' }, () =>
        assert.equal(printed(platform, 'rawLevel'), `hello, ${platform}`),
      );
      test('the C library prints', () => assert.equal(printed(platform, 'libraryLevel'), `hello, ${platform}`));
    },
  );
}

test('each system that Node runs on most is in the table, once', () => {
  assert.deepEqual(
    SYSTEMS.map(({ platform }) => platform),
    ['linux', 'darwin', 'win32'],
  );
});
