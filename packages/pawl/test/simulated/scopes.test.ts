/** Trees of tasks in simulated worlds: whatever fails, is aborted, or runs out of time in them, nothing outlives its scope. */
import assert from 'node:assert/strict';
import {
  coroutine,
  type Future,
  join,
  mapConcurrent,
  PawlError,
  race,
  scope,
  select,
  shield,
  sleep,
  spawn,
  supervise,
  type TaskGroup,
  taskGroup,
  timeout,
} from 'pawl';
import type { World } from 'pawl/testing';
import { disturbed, inWorlds, pause, untilEnded } from '../support/in-worlds.ts';

/** Counts what runs: every start has its end, though the end takes time. */
class Running {
  now = 0;
  most = 0;
  started = 0;
  readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** Runs, cleans up in as many steps as the world likes, and gives its number. */
  readonly job = coroutine(function* (this: Running, body?: Future<unknown>) {
    const number = this.started++;
    this.most = Math.max(this.most, ++this.now);
    try {
      yield* body ?? pause(this.world, 8);
    } finally {
      // Who is cancelled while it cleans up of itself leaves that, too.
      try {
        if (this.world.chance(0.5, 'whether cleaning up takes time')) yield* pause(this.world, 3);
      } finally {
        this.now--;
      }
    }
    return number;
  });
}

const failure = 'a task of the tree fails';

/** A scope with jobs and scopes in it, some of which fail. When it ends, none of its own runs. */
const tree: (running: Running, depth: number) => Future<void> = coroutine(function* (running: Running, depth: number) {
  const { world } = running;
  const open = world.chance(0.5) ? scope : supervise;
  const own = new Running(world);
  try {
    yield* open(function* () {
      for (let i = world.choose(3); i >= 0; i--)
        spawn(running.job(own.job(depth > 0 && world.chance(0.5) ? tree(running, depth - 1) : undefined)));
      yield* pause(world);
      if (world.chance(0.15)) throw new Error(failure);
    });
  } finally {
    assert.equal(own.now, 0);
  }
});

inWorlds('a tree of scopes ends when all in it has ended, whatever fails or is aborted', function* (world) {
  const running = new Running(world);
  const trees = Array.from({ length: 2 }, () =>
    coroutine(function* () {
      try {
        yield* timeout(5 + world.choose(40), tree(running, 3));
      } catch (error) {
        rootsOf(error);
      }
    })(),
  );
  yield* disturbed(world, trees);
  assert.equal(running.now, 0);
});

/** All that was thrown is what the tree throws, or says that something was stopped while it failed. */
function rootsOf(error: unknown): void {
  if (error instanceof SuppressedError) {
    rootsOf(error.error);
    rootsOf(error.suppressed);
  } else if (!(error instanceof PawlError && ['TIMEOUT', 'CANCELLED'].includes(error.code)))
    assert.equal((error as Error).message, failure);
}

inWorlds('the first failure of a scope is thrown, when its siblings have cleaned up', function* (world) {
  const running = new Running(world);
  const thrown: string[] = [];
  const failing = coroutine(function* (name: string) {
    yield* pause(world, 8);
    thrown.push(name);
    throw new Error(name);
  });
  try {
    yield* scope(function* () {
      for (const name of ['a', 'b', 'c']) spawn(failing(name));
      for (let i = 0; i < 4; i++) spawn(running.job(sleep(1000)));
      yield* sleep(1000);
    });
    assert.fail('it has not failed');
  } catch (error) {
    // Whoever was to fail next was cancelled first.
    assert.deepEqual([(error as Error).message], thrown);
  }
  assert.equal(running.now, 0);
});

inWorlds(
  'losers have cleaned up before a race, a select, a timeout or a failed join gives its outcome',
  function* (world) {
    const running = new Running(world);
    const jobs = (): Future<number>[] => Array.from({ length: 4 }, () => running.job());
    const lasting = (): Future<number> => running.job(sleep(1000));
    const failing = running.job(
      coroutine(function* () {
        yield* pause(world);
        throw new Error(failure);
      })(),
    );
    yield* race([...jobs(), lasting()]);
    assert.equal(running.now, 0);
    const [a, b] = [running.job(), running.job()];
    yield* select({ a, b, last: lasting() });
    assert.equal(running.now, 0);
    assert.equal(yield* untilEnded(timeout(world.choose(8), lasting())), false);
    assert.equal(running.now, 0);
    try {
      yield* join([...jobs(), failing, lasting()]);
      assert.fail('it has not failed');
    } catch (error) {
      assert.equal((error as Error).message, failure);
    }
    assert.equal(running.now, 0);
  },
);

inWorlds('a group runs as many as its limit, and gives each result once', function* (world) {
  const running = new Running(world);
  const limit = 1 + world.choose(3);
  const results: number[] = [];
  yield* taskGroup(
    function* (group: TaskGroup<number>) {
      spawn(function* () {
        for (let i = 0; i < 8; i++) yield* group.spawn(running.job());
      });
      while (results.length < 8) {
        const next = group.next();
        // Whoever does not wait long enough loses nothing.
        let got: IteratorResult<number, undefined> | null = null;
        yield* untilEnded(
          timeout(
            1 + world.choose(3),
            coroutine(function* () {
              got = yield* next;
            })(),
          ),
        );
        const result = got as IteratorResult<number, undefined> | null;
        if (result !== null && result.done !== true) results.push(result.value);
        else if (result !== null) yield* pause(world);
      }
    },
    { limit },
  );
  assert.deepEqual(
    results.toSorted((x, y) => x - y),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.ok(running.most <= limit, `${running.most} of ${limit}`);
});

inWorlds('so many at a time, in the order of the items, or none left when one fails', function* (world) {
  const running = new Running(world);
  const limit = 1 + world.choose(4);
  const bad = world.choose(20);
  try {
    const squares = yield* mapConcurrent(
      Array.from({ length: 10 }, (_, i) => i),
      limit,
      coroutine(function* (i: number) {
        yield* running.job();
        if (i === bad) throw new Error(failure);
        return i * i;
      }),
    );
    assert.ok(bad >= 10);
    assert.deepEqual(squares, [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  } catch (error) {
    assert.equal((error as Error).message, failure);
  }
  assert.ok(running.most <= limit);
  assert.equal(running.now, 0);
});

inWorlds('what is shielded is finished, or never begun', function* (world) {
  let begun = 0;
  let finished = 0;
  const transfer = coroutine(function* () {
    begun++;
    yield* pause(world);
    yield* pause(world);
    finished++;
  });
  yield* disturbed(
    world,
    Array.from({ length: 5 }, () =>
      coroutine(function* () {
        yield* pause(world);
        yield* shield(transfer());
        yield* pause(world);
      })(),
    ),
    0.6,
  );
  assert.equal(finished, begun);
});

inWorlds('a tree that is aborted is cleaned up from its leaves to its root', function* (world) {
  const ended: string[] = [];
  const node: (name: string, depth: number) => Future<void> = coroutine(function* (name: string, depth: number) {
    try {
      yield* scope(function* () {
        if (depth > 0) for (const child of 'xy') spawn(node(name + child, depth - 1));
        yield* sleep(10_000);
      });
    } finally {
      yield* pause(world);
      ended.push(name);
    }
  });
  const root = spawn(node('r', 3));
  yield* pause(world, 20);
  root.abort();
  assert.equal(yield* untilEnded(root), false);
  for (const [i, name] of ended.entries())
    assert.ok(
      ended.slice(i).every((later) => !later.startsWith(name) || later === name),
      `${name} has ended before what is below it: ${ended.join(' ')}`,
    );
});
