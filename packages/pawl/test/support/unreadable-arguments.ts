/** Started with a large stack: sends what a thread, whose stack is smaller, cannot read, and writes what comes of it. */
import { run } from '../../src/index.ts';
import { BlockingPool, spawnOn, threads, withThreads } from '../../src/threads/index.ts';

let deep: object = {};
for (let depth = 0; depth < 13_000; depth++) deep = { deep };

const outcome = async (what: Promise<unknown>): Promise<string> => {
  try {
    return String(await what);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${/cannot be \w+/.exec(message)?.[0]}`;
  }
};

using pool = new BlockingPool({ threads: 1 });
const outcomes = [
  await outcome(run(pool.callExport('node:path', 'join', [deep]))),
  await outcome(run(pool.callExport('node:path', 'join', ['a', 'b']))),
  await outcome(run(threads({ count: 1, entry: 'node:path', export: 'join', args: [deep] }))),
  await outcome(
    run(
      withThreads({ count: 1 }, function* ([thread]) {
        const lost = yield* spawnOn(thread!, 'node:path', 'join', ['a', 'b']);
        try {
          yield* spawnOn(thread!, 'node:path', 'join', [deep]);
        } catch {
          // As above.
        }
        return [lost, yield* spawnOn(thread!, 'node:path', 'join', ['c', 'd'])];
      }),
    ),
  ),
];
console.log(JSON.stringify(outcomes));
