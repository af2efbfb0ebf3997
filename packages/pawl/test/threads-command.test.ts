/** Threads of programs under the `pawl` command: they find the library and the compiler, wherever the program stands. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pawl } from './support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'pawl-threads-'));
after(() => rmSync(folder, { recursive: true }));

const write = (name: string, source: string): string => {
  const file = join(folder, name);
  writeFileSync(file, source);
  return file;
};

write('package.json', '{ "type": "module" }');
write(
  'work.ts',
  `import { coroutine, sleep } from 'pawl';
  import { spawnBlocking } from 'pawl/threads';
  export const written = coroutine(function* (n: number) {
    yield* sleep(1);
    return n * 2;
  });
  export const compiled = coroutine(async (n: number) => {
    await sleep(1);
    return n * 3;
  });
  export const nested = coroutine(function* () {
    return yield* spawnBlocking(new URL('./deep.ts', import.meta.url), 'deep');
  });
`,
);
write('deep.ts', `import { blockOn, ready } from 'pawl';\nexport const deep = (): string => blockOn(ready('deep'));\n`);

describe('threads under pawl run', () => {
  test('find pawl and the compiler, those that threads start too, and say nothing of FFI', async () => {
    const program = write(
      'main.ts',
      `import { coroutine } from 'pawl';
      import { spawnBlocking, spawnOn, withThreads } from 'pawl/threads';
      const work = new URL('./work.ts', import.meta.url);
      export default coroutine(function* () {
        yield* withThreads({ count: 1 }, function* ([thread]) {
          for (const name of ['written', 'compiled']) console.log(yield* spawnOn(thread!, work, name, [7]));
          console.log(yield* spawnOn(thread!, work, 'nested'));
        });
        console.log(yield* spawnBlocking(new URL('./deep.ts', import.meta.url), 'deep'));
      });`,
    );
    const { code, stdout, stderr } = await pawl(['run', program]);
    assert.equal(stderr.replaceAll(/.*SLOW_POLL.*\n.*\n/g, ''), '');
    assert.equal(stdout, '14\n21\ndeep\ndeep\n');
    assert.equal(code, 0);
  });

  test('a signal cancels the tasks on them, which clean up', async () => {
    write(
      'waits.ts',
      `import { coroutine, sleep } from 'pawl';
      export default coroutine(function* () {
        try {
          console.log('waiting');
          yield* sleep(60_000);
        } finally {
          yield* sleep(1);
          console.log('cleaned up');
        }
      });`,
    );
    const program = write(
      'stopped.ts',
      `import { threads } from 'pawl/threads';
      export default () => threads({ count: 1, entry: new URL('./waits.ts', import.meta.url) });`,
    );
    const { code, stdout, stderr } = await pawl(['run', program], {
      onLine: (line, kill) => void (line === 'waiting' && kill('SIGTERM')),
    });
    assert.deepEqual([stdout, stderr.replaceAll(/.*SLOW_POLL.*\n.*\n/g, ''), code], ['waiting\ncleaned up\n', '', 143]);
  });
});
