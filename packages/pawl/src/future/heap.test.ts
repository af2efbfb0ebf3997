/** Combinators leave nothing behind: after very many of them the heap is where it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runScript } from '../../test/support/script.ts';

const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);

/** Programs that lose, cancel and clean up, by name. Each is run very often in one process. */
const programs: Record<string, string> = {
  race: 'yield* race([yieldNow(), forever])',
  select: 'yield* select({ never: sleep(1e9), now: yieldNow() })',
  any: 'yield* any([sleep(1e9), yieldNow()])',
  timeout: 'yield* timeout(1e9, yieldNow())',
  'race of a handle': 'yield* race([handle, yieldNow()])',
  'a scope with a deadline': 'yield* scope(() => yieldNow(), { timeout: 1e9 })',
  'a memo whose caller leaves': 'yield* race([memoized(), yieldNow()])',
  'next of a delay queue': 'yield* race([queue.next(), yieldNow()])',
  'a tick of an interval': 'yield* race([ticks.tick(), yieldNow()])',
};

/** Bytes that the heap may be larger after the later half of the rounds. One object kept in each would be megabytes. */
const SLACK = 200_000;

for (const [name, program] of Object.entries(programs)) {
  const rounds = name === 'race' ? 10_000_000 : 100_000;
  void test(`${rounds.toLocaleString('en')} times ${name} leave the heap where it was`, async () => {
    const script = `
      import { any, blockOn, DelayQueue, interval, memo, race, scope, select, sleep, spawn, timeout, yieldNow } from ${index};
      const queue = new DelayQueue();
      const ticks = interval(1e9);
      const memoized = memo(() => sleep(1e9));
      const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
      const grown = blockOn(function* () {
        const handle = spawn(() => sleep(1e9), { daemon: true });
        queue.insert(1, 1e9);
        yield* ticks.tick();
        const round = function* (n) {
          for (let i = 0; i < n; i++) {
            const forever = sleep(1e9);
            ${program};
          }
        };
        yield* round(${rounds / 10});
        const before = heap();
        yield* round(${rounds});
        return heap() - before;
      });
      console.log(grown, nativeDriver().metrics.timers);`;
    const { code, stdout, stderr } = await runScript(script, {
      nodeOptions: ['--expose-gc'],
      env: { NODE_ENV: 'production' },
    });
    assert.deepEqual([code, stderr], [0, '']);
    const [grown, timers] = stdout.trim().split(' ').map(Number) as [number, number];
    assert.ok(grown < SLACK, `${grown} bytes more after ${rounds} rounds`);
    assert.equal(timers, 0);
  });
}
