/** Random trees of tasks, aborted at random moments, polled in random orders, with spurious wakes: what must hold whatever happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import {
  blockOn,
  type Context,
  coroutine,
  Future,
  join,
  type JoinHandle,
  type Poll,
  race,
  type Report,
  type Runtime,
  type Scope,
  scope,
  sleep,
  spawn,
  spawnDetached,
  type Steps,
  supervise,
  timeout,
  type Waker,
  yieldNow,
} from '../index.ts';

type Node =
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'yield' | 'fail' | 'abort' | 'await' }
  | { readonly kind: 'seq' | 'race' | 'join' | 'scope' | 'supervise'; readonly nodes: readonly Node[] }
  | { readonly kind: 'spawn' | 'daemon' | 'detached' | 'catch'; readonly node: Node }
  | { readonly kind: 'timeout'; readonly ms: number; readonly node: Node }
  | { readonly kind: 'guard'; readonly node: Node; readonly cleanup: Node };

const ms = fc.integer({ min: 0, max: 30 });
const { node: tree } = fc.letrec<{ node: Node }>((tie) => {
  const nodes = fc.array(tie('node'), { minLength: 1, maxLength: 4, depthIdentifier: 'tree' });
  return {
    node: fc.oneof(
      { maxDepth: 6, depthIdentifier: 'tree' },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('sleep' as const), ms }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('yield', 'fail', 'abort', 'await') }) },
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constantFrom('seq', 'seq', 'race', 'join', 'scope', 'supervise'), nodes }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constantFrom('spawn', 'spawn', 'daemon', 'detached', 'catch'),
          node: tie('node'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('timeout' as const), ms, node: tie('node') }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('guard' as const), node: tie('node'), cleanup: tie('node') }),
      },
    ) as fc.Arbitrary<Node>,
  };
});

/** Hands on what it wraps, and remembers every waker that it was polled with. */
class Overheard<T> extends Future<T> {
  readonly future: Future<T>;
  readonly wakers: Waker[];

  constructor(future: Future<T>, wakers: Waker[]) {
    super();
    this.future = future;
    this.wakers = wakers;
  }

  override poll(cx: Context): Poll<T> {
    this.wakers.push(cx.waker);
    return this.future.poll(cx);
  }

  override cancel(cx: Context): Poll<void> {
    this.wakers.push(cx.waker);
    return this.future.cancel(cx);
  }
}

class World {
  /** Guards that were entered and not left. */
  open = 0;
  readonly handles: JoinHandle<unknown>[] = [];
  readonly wakers: Waker[] = [];

  run(node: Node, mine: JoinHandle<unknown>[]): Future<void> {
    // oxlint-disable-next-line typescript/no-this-alias -- a generator function has no this of its own
    const world = this;
    return coroutine(function* step(): Steps<void> {
      switch (node.kind) {
        case 'sleep':
          return yield* new Overheard(sleep(node.ms), world.wakers);
        case 'yield':
          return yield* yieldNow();
        case 'fail':
          throw new Error('expected');
        case 'abort':
          return mine.at(-1)?.abort('by a sibling');
        case 'await': {
          const last = mine.at(-1);
          if (last !== undefined) yield* last;
          return undefined;
        }
        case 'seq':
          for (const inner of node.nodes) yield* world.run(inner, mine);
          return undefined;
        case 'race':
          return yield* race(node.nodes.map((inner) => world.run(inner, mine)));
        case 'join':
          yield* join(node.nodes.map((inner) => world.run(inner, mine)));
          return undefined;
        case 'timeout':
          return yield* timeout(node.ms, world.run(node.node, mine));
        case 'scope':
        case 'supervise':
          return yield* world.scoped(node.kind === 'scope' ? scope : supervise, node.nodes);
        case 'spawn':
        case 'daemon':
        case 'detached': {
          const call = node.kind === 'detached' ? spawnDetached : spawn;
          const handle = call(world.run(node.node, []), { daemon: node.kind === 'daemon' });
          if (node.kind !== 'detached') mine.push(handle);
          world.handles.push(handle);
          return undefined;
        }
        case 'catch':
          try {
            yield* world.run(node.node, mine);
          } catch {
            // Swallowed.
          }
          return undefined;
        case 'guard':
          world.open++;
          try {
            yield* world.run(node.node, mine);
          } finally {
            try {
              yield* world.run(node.cleanup, mine);
            } finally {
              world.open--;
            }
          }
          return undefined;
        default:
          return node satisfies never;
      }
    })();
  }

  /** A scope of its own whose tasks have all ended when it has, however it ends. */
  *scoped(open: (body: (s: Scope) => Steps<void>) => Future<void>, nodes: readonly Node[]): Steps<void> {
    // oxlint-disable-next-line typescript/no-this-alias -- a generator function has no this of its own
    const world = this;
    const mine: JoinHandle<unknown>[] = [];
    try {
      yield* open(function* () {
        for (const inner of nodes) yield* world.run(inner, mine);
      });
    } finally {
      for (const handle of mine) assert.ok(handle.finished, 'a scope has ended before its task');
    }
  }
}

interface Plan {
  readonly node: Node;
  readonly abortAt: number;
  readonly picks: readonly number[];
  readonly wakes: readonly number[];
}
const plan: fc.Arbitrary<Plan> = fc.record({
  node: tree,
  abortAt: fc.integer({ min: 0, max: 60 }),
  picks: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 20 }),
  wakes: fc.array(fc.nat({ max: 1000 }), { maxLength: 30 }),
});

function check({ node, abortAt, picks, wakes }: Plan): string {
  const world = new World();
  const driver = new ManualDriver();
  const reports: Report[] = [];
  let picked = 0;
  driver.pick = (n) => picks[picked++ % picks.length]! % n;
  let runtime: Runtime | undefined;
  let state = 'never started';
  const main = coroutine(function* (): Steps<void> {
    yield* new (class extends Future<void> {
      override poll(cx: Context): void {
        runtime = cx.runtime as Runtime;
      }
    })();
    yield* supervise(
      function* (s) {
        const task = s.spawn(world.run(node, []), { name: 'program' });
        for (const wake of wakes) {
          yield* sleep(1);
          if (world.wakers.length > 0) world.wakers[wake % world.wakers.length]!.wake();
        }
        yield* sleep(Math.max(0, abortAt - wakes.length));
        task.abort();
        try {
          yield* task;
        } catch {
          // Its outcome is not judged here.
        }
        state = task.state;
      },
      { onFailure: () => {} },
    );
  });
  try {
    blockOn(main(), { driver, cleanupTimeout: 25, onReport: (report) => reports.push(report) });
  } catch (error) {
    // Failures of detached tasks come out here; nothing else may.
    for (let rest = error; ; rest = rest.suppressed) {
      const first: unknown = rest instanceof SuppressedError ? rest.error : rest;
      assert.ok(
        !(first instanceof TypeError || first instanceof RangeError || first instanceof assert.AssertionError),
        first as Error,
      );
      assert.notEqual((first as { code?: string }).code, 'DEADLOCK', (first as Error).message);
      if (!(rest instanceof SuppressedError)) break;
    }
  }
  assert.equal(world.open, 0, 'a cleanup was not run');
  assert.ok(
    world.handles.every((handle) => handle.finished),
    'a task has not ended',
  );
  assert.equal(driver.timerCount, 0, 'a timer is left');
  assert.equal(driver.attached.size, 0, 'the runtime is still attached');
  assert.equal(runtime?.taskCount, 0);
  for (const { code, message } of reports) assert.equal(code, 'CLEANUP_TIMEOUT', message);
  return state;
}

test('whatever a tree of tasks does, and whenever it is aborted, every cleanup runs and nothing is left', () => {
  const states = new Set<string>();
  fc.assert(
    fc.property(plan, (random) => {
      states.add(check(random));
    }),
    { numRuns: 1500 },
  );
  assert.deepEqual(
    [...states].sort((a, b) => (a < b ? -1 : 1)),
    ['cancelled', 'done', 'failed'],
  );
});
