import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HandContext } from '../../test/support/gate.ts';
import { print, program, type Block } from '../../test/support/program.ts';
import { callFunction, type Run } from '../../test/support/reference.ts';
import { coroutine, Future, map, PENDING, type Context, type Poll, type Waker } from '../index.ts';

type Outcome = { readonly trace: readonly unknown[]; readonly end: string };

/** Needs some ticks of its world before it is ready; only one leaf is pending at a time, for a program is one chain. */
class Leaf extends Future<number> {
  static pending: Leaf | null = null;
  waker: Waker | null = null;
  readonly trace: unknown[];
  readonly id: number;
  ticks: number;
  readonly fails: boolean;
  polls = 0;

  constructor(trace: unknown[], id: number, ticks: number, fails: boolean) {
    super();
    this.trace = trace;
    this.id = id;
    this.ticks = ticks;
    this.fails = fails;
  }

  override poll(cx: Context): Poll<number> {
    this.polls++;
    if (this.ticks > 0) {
      Leaf.pending = this;
      this.waker = cx.waker;
      return PENDING;
    }
    Leaf.pending = null;
    this.waker = null;
    if (this.fails) throw new Error(`l${this.id}`);
    return this.id;
  }

  override cancel(): Poll<void> {
    this.trace.push(`x${this.id}`);
    Leaf.pending = null;
    return undefined;
  }
}

function compile(text: string, names: Record<string, unknown>): () => unknown {
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the program is printed from a tree of our own
  return new Function(...Object.keys(names), `return (${text});`)(...Object.values(names)) as () => unknown;
}

function makeCoroutine(block: Block, trace: unknown[]): Future<unknown> {
  const mapped = (future: Future<unknown>): Future<unknown> =>
    map(future, (value) => {
      trace.push('m');
      return value;
    });
  const leaf = (id: number, ticks: number, fails: boolean): Leaf => new Leaf(trace, id, ticks, fails);
  return compile(print(block, 'generator'), { t: trace, coroutine, leaf, mapped })() as Future<unknown>;
}

async function runAsync(block: Block): Promise<Outcome> {
  const trace: unknown[] = [];
  const leaf = async (id: number, ticks: number, fails: boolean): Promise<number> => {
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    if (fails) throw new Error(`l${id}`);
    return id;
  };
  const mapped = async (promise: Promise<unknown>): Promise<unknown> => {
    const value = await promise;
    trace.push('m');
    return value;
  };
  const later = (make: () => Promise<unknown>): PromiseLike<unknown> => ({
    then: (resolve, reject) => make().then(resolve, reject),
  });
  try {
    const value = await (compile(print(block, 'async'), { t: trace, leaf, mapped, later })() as Promise<unknown>);
    return { trace, end: `value ${String(value)}` };
  } catch (error) {
    return { trace, end: `error ${(error as Error).message}` };
  }
}

/** Polls by hand: at each suspension one of `moves` says what happens before the next poll. */
function runByHand(block: Block, moves: readonly number[]): Outcome {
  const trace: unknown[] = [];
  const root = makeCoroutine(block, trace);
  let cx = new HandContext();
  for (let at = 0; ; at++) {
    let value: unknown;
    try {
      value = root.poll(cx);
    } catch (error) {
      return { trace, end: `error ${(error as Error).message}` };
    }
    if (value !== PENDING) return { trace, end: `value ${String(value)}` };
    const leaf = Leaf.pending as Leaf;
    assert.equal(leaf.waker, cx, 'the leaf holds the waker of the last poll');
    const move = moves[at % moves.length] ?? 2;
    if (move === 1) cx = new HandContext();
    // Never only spurious polls: the program must go on.
    if (move >= 1) leaf.ticks--;
  }
}

const moves = fc
  .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 })
  .filter((all) => all.some(Boolean));

test('a generator coroutine does what the same async function does, whatever suspends, fails, is caught or polled spuriously', async () => {
  await fc.assert(
    fc.asyncProperty(program, moves, async (block, script) => {
      assert.deepEqual(runByHand(block, script), await runAsync(block));
    }),
    { numRuns: 1500 },
  );
});

/** Every message in an error and what it suppresses. */
function messages(error: unknown): string[] {
  if (error instanceof SuppressedError) return [...messages(error.error), ...messages(error.suppressed)];
  return [(error as Error).message];
}

/** Cancels at suspension number `at`; null when the program ends before it. */
function cancelAt(block: Block, at: number): { trace: unknown[]; errors: string[] } | null {
  const trace: unknown[] = [];
  const root = makeCoroutine(block, trace);
  const cx = new HandContext();
  for (let suspension = 0; ; suspension++) {
    try {
      if (root.poll(cx) !== PENDING) return null;
    } catch {
      return null;
    }
    if (suspension === at) break;
    (Leaf.pending as Leaf).ticks--;
  }
  while (root.cancel(cx) === PENDING) (Leaf.pending as Leaf).ticks--;
  return { trace, errors: cx.errors.flatMap(messages) };
}

function expectAt(block: Block, at: number): { trace: unknown[]; errors: string[] } {
  const run: Run = { trace: [], collected: [], cancelled: false };
  const steps = callFunction(block, run, false);
  let step = steps.next('go');
  for (let suspension = 0; suspension < at; suspension++) step = steps.next('go');
  run.cancelled = true;
  step = steps.next('cancel');
  while (step.done !== true) step = steps.next('go');
  return { trace: run.trace, errors: run.collected };
}

test('cancelled at each of its suspensions, a program runs exactly what a return there would, helpers and tails included', () => {
  let cancelled = 0;
  fc.assert(
    fc.property(program, (block) => {
      for (let at = 0; at < 40; at++) {
        const actual = cancelAt(block, at);
        if (actual === null) return;
        cancelled++;
        assert.deepEqual(actual, expectAt(block, at), `cancelled at suspension ${at} of ${print(block, 'generator')}`);
      }
    }),
    { numRuns: 1500 },
  );
  assert.ok(cancelled > 500, `only ${cancelled} cancellations were tried`);
});
