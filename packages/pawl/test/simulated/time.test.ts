/** Timers in simulated worlds, where they are late and never early, and where whoever waits for them is aborted. */
import assert from 'node:assert/strict';
import {
  coroutine,
  deadline,
  DelayQueue,
  type Future,
  Instant,
  interval,
  PawlError,
  retry,
  scope,
  sleep,
  sleepUntil,
  spawn,
  timeout,
} from 'pawl';
import { disturbed, inWorlds, pause, untilEnded } from '../support/in-worlds.ts';

inWorlds('nobody sleeps too short', function* (world) {
  const short = coroutine(function* () {
    for (let i = 0; i < 4; i++) {
      const ms = world.choose(30);
      const began = Instant.now();
      yield* world.chance(0.5) ? sleep(ms) : sleepUntil(began.plus(ms));
      assert.ok(began.elapsed() >= ms, `${began.elapsed()} of ${ms} ms`);
    }
  });
  yield* disturbed(
    world,
    Array.from({ length: 5 }, () => short()),
  );
});

inWorlds(
  'each value of a delay queue comes out once, never early, though it is moved and its takers are aborted',
  function* (world) {
    using queue = new DelayQueue<number>();
    const due = new Map<number, Instant>();
    const seen: number[] = [];
    const take = coroutine(function* () {
      for (;;) {
        const value = yield* queue.next();
        assert.ok(due.get(value)!.elapsed() >= 0, 'it is early');
        seen.push(value);
        if (world.chance(0.3)) yield* pause(world);
      }
    });
    const last = spawn(take());
    const others = spawn(disturbed(world, [take(), take()], 1));
    const kept = new Set<number>();
    for (let value = 0; value < 12; value++) {
      const later = (): number => {
        const ms = world.choose(30);
        due.set(value, Instant.now().plus(ms));
        return ms;
      };
      const key = queue.insert(value, later());
      kept.add(value);
      if (world.chance(0.3)) {
        const before = due.get(value)!;
        if (!queue.reset(key, later())) due.set(value, before);
      } else if (world.chance(0.2) && queue.remove(key)) kept.delete(value);
      if (world.chance(0.5)) yield* pause(world);
    }
    yield* others;
    yield* sleep(100);
    last.abort();
    yield* untilEnded(last);
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      [...kept],
    );
  },
);

inWorlds('one taker gets the values of a delay queue in the order in which they are due', function* (world) {
  using queue = new DelayQueue<number>();
  const delays = Array.from({ length: 10 }, () => world.choose(50));
  for (const ms of delays) queue.insert(ms, ms);
  const seen: number[] = [];
  while (seen.length < delays.length) {
    const next = coroutine(function* () {
      seen.push(yield* queue.next());
    });
    // Whoever gives up has taken nothing.
    yield* untilEnded(timeout(world.choose(20), next()));
  }
  assert.deepEqual(
    seen,
    delays.toSorted((a, b) => a - b),
  );
});

inWorlds('an interval never ticks early, and makes up for ticks that were late, or leaves them out', function* (world) {
  const missed = (['burst', 'delay', 'skip'] as const)[world.choose(3)]!;
  const period = 10;
  const ticking = interval(period, { missed });
  const began = Instant.now();
  let before: Instant | null = null;
  for (let ticks = 0; ticks < 8;) {
    let due: Instant | null = null;
    const tick = coroutine(function* () {
      due = yield* ticking.tick();
    });
    // A tick that was not waited for long enough is still to come.
    if (!(yield* untilEnded(timeout(1 + world.choose(30), tick())))) continue;
    const at = due as unknown as Instant;
    assert.ok(at.elapsed() >= 0, 'it is early');
    if (before !== null) assert.ok(at.since(before) >= period, `${at.since(before)} ms after the last`);
    if (missed === 'burst') assert.equal(Math.round(at.since(began)), ticks * period);
    if (missed === 'skip') assert.equal(Math.round(at.since(began)) % period, 0);
    before = at;
    ticks++;
    if (world.chance(0.5)) yield* sleep(world.choose(40));
  }
});

inWorlds('what has a limit ends by then, or its cleanup does, and the earliest limit counts', function* (world) {
  const began = Instant.now();
  let cleaned = 0;
  const work = coroutine(function* (ms: number) {
    try {
      yield* sleep(ms);
    } finally {
      // Its time may be over when it cleans up of itself.
      try {
        yield* pause(world);
      } finally {
        cleaned++;
      }
    }
  });
  const code = coroutine(function* (what: Future<unknown>) {
    try {
      yield* what;
      return 'done';
    } catch (error) {
      return error instanceof PawlError ? error.code : String(error);
    }
  });
  const [inner, outer, ms] = [1 + world.choose(40), 1 + world.choose(40), world.choose(40)];
  const outcome = yield* code(
    timeout(
      outer,
      scope(() => deadline(began.plus(inner), work(ms)), { timeout: 30 }),
    ),
  );
  const limit = Math.min(inner, outer, 30);
  if (outcome === 'done') assert.ok(began.elapsed() >= ms);
  else assert.deepEqual([outcome, began.elapsed() >= limit], ['TIMEOUT', true]);
  if (ms > 0 || outcome === 'done') assert.equal(cleaned, 1);
});

inWorlds('a retry tries as often as it may, one attempt after the other', function* (world) {
  let running = 0;
  let attempts = 0;
  const succeedsAt = 1 + world.choose(6);
  const trying = retry(
    function* (attempt) {
      assert.equal(++attempts, attempt);
      assert.equal(++running, 1);
      try {
        yield* pause(world);
        if (attempt < succeedsAt) throw new Error('not yet');
        return attempt;
      } finally {
        running--;
      }
    },
    { attempts: 4, base: 5 },
  );
  const [ended] = yield* disturbed(world, [
    coroutine(function* () {
      try {
        assert.equal(yield* trying, succeedsAt);
      } catch (error) {
        assert.deepEqual([(error as Error).message, attempts], ['not yet', 4]);
        assert.ok(succeedsAt > 4);
      }
    })(),
  ]);
  assert.equal(running, 0);
  if (ended === true) assert.equal(attempts, Math.min(succeedsAt, 4));
});
