/**
 * The combinators against a naive model, over random programs: when each ends, with what, and when it has cleaned up after a cancellation
 * at any moment. The model computes with times alone and knows nothing of polls, wakers or branches.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { world } from '../../test/support/world.ts';
import {
  any,
  coroutine,
  type Future,
  join,
  joinSettled,
  mapConcurrent,
  race,
  select,
  shield,
  sleep,
  timeout,
} from '../index.ts';

type Kind = 'join' | 'race' | 'any' | 'joinSettled' | 'select' | 'map';
type Program =
  | { readonly kind: 'work'; readonly ms: number; readonly fails: boolean; readonly cleanup: number }
  | { readonly kind: 'shield'; readonly inner: Program }
  | { readonly kind: 'then'; readonly first: Program; readonly second: Program }
  | { readonly kind: 'timeout'; readonly ms: number; readonly inner: Program }
  | { readonly kind: Kind; readonly limit: number; readonly parts: readonly Program[] };

/** Durations are even, so that a cancellation at an odd moment meets nothing else there. */
const even = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most }).map((n) => 2 * n);

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('work' as const),
      ms: even(2000),
      fails: fc.boolean(),
      cleanup: even(300),
    }),
    fc.record({ kind: fc.constant('shield' as const), inner: tie('program') }),
    fc.record({ kind: fc.constant('then' as const), first: tie('program'), second: tie('program') }),
    fc.record({ kind: fc.constant('timeout' as const), ms: even(2000), inner: tie('program') }),
    fc.record({
      kind: fc.constantFrom<Kind>('join', 'race', 'any', 'joinSettled', 'select', 'map'),
      limit: fc.integer({ min: 1, max: 3 }),
      parts: fc.array(tie('program'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

// ---- the real thing

const work = coroutine(function* (ms: number, fails: boolean, cleanup: number) {
  let ended = false;
  try {
    yield* sleep(ms);
    ended = true;
  } finally {
    if (!ended) yield* sleep(cleanup);
  }
  if (fails) throw new Error('failed');
  return 'value';
});
const inTurn = coroutine(function* (first: Program, second: Program) {
  yield* build(first);
  yield* build(second);
});

const all: Record<'join' | 'race' | 'any' | 'joinSettled', (futures: Future<unknown>[]) => Future<unknown>> = {
  join,
  race,
  any,
  joinSettled,
};

function build(what: Program): Future<unknown> {
  switch (what.kind) {
    case 'work':
      return work(what.ms, what.fails, what.cleanup);
    case 'shield':
      // The failure of a shielded future that is cancelled belongs to whoever cancels: another law than these.
      return shield(joinSettled([build(what.inner)]));
    case 'then':
      return inTurn(what.first, what.second);
    case 'timeout':
      return timeout(what.ms, build(what.inner));
    case 'map':
      return mapConcurrent(what.parts, what.limit, build);
    case 'select':
      return select(Object.fromEntries(what.parts.map((part, at) => [`part${at}`, build(part)])));
    default:
      return all[what.kind](what.parts.map(build));
  }
}

// ---- the model

/** Two things at the same moment: their order is no law. */
class Tie extends Error {}

interface Course {
  /** When it ends by itself, and whether with a value. */
  readonly end: number;
  readonly ok: boolean;
  /** When it has let go if it is cancelled at a moment before its end. */
  letGo(at: number): number;
}

/** A course among several, and when it begins. */
interface Part {
  readonly from: number;
  readonly course: Course;
}

/** Several at once: ends with the first that decides, or with the last of all, when all the others have let go. */
function together(parts: readonly Part[], decides: (course: Course) => boolean): Course {
  const order = parts.map(({ course }) => course).sort((a, b) => a.end - b.end);
  if (order.some(({ end }, at) => at > 0 && order[at - 1]!.end === end)) throw new Tie();
  const decisive = order.find(decides) ?? order.at(-1)!;
  const after = (at: number): number => {
    const live = parts.filter(({ from, course }) => from < at && course.end > at);
    return Math.max(at, ...live.map(({ course }) => course.letGo(at)));
  };
  return {
    end: after(decisive.end),
    ok: decisive.ok,
    letGo: (at) => {
      if (parts.some(({ from, course }) => from === at || course.end === at)) throw new Tie();
      return after(Math.min(at, decisive.end));
    },
  };
}

function course(what: Program, start: number): Course {
  switch (what.kind) {
    case 'work':
      return { end: start + what.ms, ok: !what.fails, letGo: (at) => at + what.cleanup };
    case 'shield': {
      const { end } = course(what.inner, start);
      return { end, ok: true, letGo: () => end };
    }
    case 'then': {
      const first = course(what.first, start);
      if (!first.ok) return first;
      const second = course(what.second, first.end);
      const letGo = (at: number): number => {
        if (at === first.end) throw new Tie();
        return (at < first.end ? first : second).letGo(at);
      };
      return { ...second, letGo };
    }
    case 'timeout': {
      const limit: Course = { end: start + what.ms, ok: false, letGo: (at) => at };
      return together(at(start, [course(what.inner, start), limit]), () => true);
    }
    case 'map':
      return together(mapped(what.parts, what.limit, start), ({ ok }) => !ok);
    default: {
      const parts = at(
        start,
        what.parts.map((part) => course(part, start)),
      );
      if (what.kind === 'joinSettled') return { ...together(parts, () => false), ok: true };
      const decides = { join: (ok: boolean) => !ok, any: (ok: boolean) => ok, race: () => true, select: () => true };
      return together(parts, ({ ok }) => decides[what.kind as keyof typeof decides](ok));
    }
  }
}

function at(from: number, courses: readonly Course[]): Part[] {
  return courses.map((course) => ({ from, course }));
}

/** The items that are begun: each when there is room, none after a failure. */
function mapped(items: readonly Program[], limit: number, start: number): Part[] {
  const begun: Part[] = [];
  let running: Course[] = [];
  let from = start;
  for (const item of items) {
    if (running.length === limit) {
      const next = running.reduce((a, b) => (b.end < a.end ? b : a));
      if (running.some((other) => other !== next && other.end === next.end)) throw new Tie();
      if (!next.ok) break;
      from = next.end;
      running = running.filter((other) => other !== next);
    }
    const one = course(item, from);
    begun.push({ from, course: one });
    running.push(one);
  }
  return begun;
}

// ---- the laws

const settings = { cleanupTimeout: 10_000_000, mode: 'production' } as const;

function expected<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    fc.pre(!(error instanceof Tie));
    throw error;
  }
}

test('a random program ends when the model says, with a value or a failure as it says', () => {
  fc.assert(
    fc.property(program, (what) => {
      const { end, ok } = expected(() => course(what, 0));
      const { driver, run } = world();
      let gave = true;
      try {
        run(build(what), settings);
      } catch (error) {
        assert.ok(!(error instanceof SuppressedError), 'a cleanup has failed');
        gave = false;
      }
      assert.deepEqual({ end: driver.time, ok: gave }, { end, ok });
    }),
    { numRuns: 1000 },
  );
});

test('a random program that is cancelled at a random moment has let go when the model says', () => {
  fc.assert(
    fc.property(program, fc.double({ min: 0, max: 1, noNaN: true }), (what, part) => {
      const whole = expected(() => course(what, 0));
      // Programs do things at even moments, unless they are cancelled.
      const moment = 2 * Math.floor((whole.end / 2 - 1) * part) + 1;
      const letGo = expected(() => whole.letGo(moment));
      const { driver, run } = world();
      run(race([build(what), sleep(moment)]), settings);
      assert.equal(driver.time, letGo);
    }),
    { numRuns: 1000 },
  );
});
