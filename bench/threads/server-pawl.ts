/** HTTP on as many threads as the first argument says; prints its port. */
import { coroutine, run, spawn } from 'pawl';
import { spawnOn, type Thread, threadOneshot, withThreads } from 'pawl/threads';

const entry = new URL('http-entry.ts', import.meta.url);

// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();

const start = coroutine(function* (thread: Thread, port: number) {
  const [told, listening] = threadOneshot<number>();
  spawn(spawnOn(thread, entry, 'listen', [port, told]));
  using _closes = listening;
  return yield* listening.recv();
});

await run(
  withThreads({ count: Number(process.argv[2]) }, function* (threads) {
    let port = 0;
    for (const thread of threads) port = yield* start(thread, port);
    console.log(port);
  }),
);
