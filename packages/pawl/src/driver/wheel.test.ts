import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { TimerEntry } from './driver.ts';
import { TimerWheel } from './wheel.ts';

class Entry implements TimerEntry {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  readonly id: number;
  readonly #fire: (id: number) => void;

  constructor(id: number, fire: (id: number) => void) {
    this.id = id;
    this.#fire = fire;
  }

  onTimer(): void {
    this.#fire(this.id);
  }
}

/** A list sorted by (tick, order of insertion): what the wheel must be indistinguishable from. */
class Model {
  live: { id: number; tick: number; order: number }[] = [];
  elapsed: number;
  #order = 0;

  constructor(now: number) {
    this.elapsed = Math.floor(now);
  }

  insert(id: number, deadline: number): void {
    this.live.push({ id, tick: Math.max(Math.ceil(deadline), this.elapsed), order: this.#order++ });
  }

  cancel(id: number): void {
    this.live = this.live.filter((entry) => entry.id !== id);
  }

  advance(now: number): number[] {
    this.elapsed = Math.max(this.elapsed, Math.floor(now));
    const due = this.live.filter((entry) => entry.tick <= this.elapsed);
    this.live = this.live.filter((entry) => entry.tick > this.elapsed);
    return due.sort((a, b) => a.tick - b.tick || a.order - b.order).map((entry) => entry.id);
  }

  earliest(): number {
    return this.live.reduce((least, entry) => Math.min(least, entry.tick), Infinity);
  }
}

/** Delays and jumps of every magnitude, and those that sit on the edges of the wheels. */
const span = fc.oneof(
  fc.double({ min: 0, max: 70, noNaN: true }),
  fc.integer({ min: 0, max: 5000 }),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.integer({ min: 0, max: 2 ** 38 }),
  fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: -2, max: 2 })).map(([wheel, off]) => 64 ** wheel + off),
);
const start = fc.oneof(fc.constant(0), span, fc.integer({ min: 2 ** 36 - 5000, max: 2 ** 36 + 10 }));
const step = fc.oneof(
  fc.record({ do: fc.constant('insert' as const), delay: fc.oneof(span, fc.constant(-5)) }),
  fc.record({ do: fc.constant('cancel' as const), pick: fc.nat() }),
  fc.record({ do: fc.constant('advance' as const), by: span }),
  fc.record({ do: fc.constant('next' as const) }),
);

test('does what a sorted list does, for any inserts, cancels and jumps of time', () => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 60, size: 'max' }), (begin, steps) => {
      const wheel = new TimerWheel(begin);
      const model = new Model(begin);
      const entries: Entry[] = [];
      let fired: number[] = [];
      let now = begin;
      for (const op of steps) {
        if (op.do === 'insert') {
          const entry = new Entry(entries.length, (id) => fired.push(id));
          entries.push(entry);
          wheel.insert(entry, now + op.delay);
          model.insert(entry.id, now + op.delay);
        } else if (op.do === 'cancel' && entries.length > 0) {
          const entry = entries[op.pick % entries.length]!;
          wheel.cancel(entry);
          model.cancel(entry.id);
        } else if (op.do === 'advance') {
          now += op.by;
          fired = [];
          assert.equal(wheel.advance(now), fired.length);
          assert.deepEqual(fired, model.advance(now));
        } else if (op.do === 'next') {
          // Walking from one `next` to the other meets the earliest entry exactly, and nothing before it.
          const earliest = model.earliest();
          let hops = 0;
          while (wheel.next() < earliest) {
            now = wheel.next();
            fired = [];
            wheel.advance(now);
            model.advance(now);
            assert.deepEqual(fired, []);
            assert.ok(++hops < 16, 'a few hops at most lead to the earliest entry');
          }
          assert.equal(wheel.next(), earliest);
        }
        assert.equal(wheel.size, model.live.length);
      }
    }),
    { numRuns: 1500 },
  );
});

test('an entry fires at its deadline rounded up, never early', () => {
  const wheel = new TimerWheel(0);
  let fired = 0;
  const entry = new Entry(0, () => fired++);
  wheel.insert(entry, 10.2);
  wheel.advance(10.9);
  assert.equal(fired, 0);
  wheel.advance(11);
  assert.equal(fired, 1);
  assert.equal(wheel.size, 0);
});

test('an entry inserted by onTimer waits for the next advance, even if it is due already', () => {
  const wheel = new TimerWheel(0);
  let fired = 0;
  const entry: Entry = new Entry(0, () => {
    if (++fired < 3) wheel.insert(entry, 1);
  });
  wheel.insert(entry, 1);
  assert.equal(wheel.advance(5), 1);
  assert.equal(wheel.next(), 5);
  assert.equal(wheel.advance(5), 1);
  assert.equal(wheel.advance(5), 1);
  assert.equal(wheel.advance(5), 0);
});

test('an entry cancelled by onTimer does not fire, even if it was due in the same batch', () => {
  const wheel = new TimerWheel(0);
  const fired: number[] = [];
  const second = new Entry(2, (id) => fired.push(id));
  const first = new Entry(1, (id) => {
    fired.push(id);
    wheel.cancel(second);
  });
  const third = new Entry(3, (id) => fired.push(id));
  wheel.insert(first, 5);
  wheel.insert(second, 5);
  wheel.insert(third, 70);
  wheel.advance(100);
  assert.deepEqual(fired, [1, 3]);
  assert.equal(second.timerSlot, -1);
  assert.equal(wheel.size, 0);
});

test('a cancelled entry can be inserted again, and cancelling twice is harmless', () => {
  const wheel = new TimerWheel(0);
  let fired = 0;
  const entry = new Entry(0, () => fired++);
  wheel.insert(entry, 100_000);
  wheel.cancel(entry);
  wheel.cancel(entry);
  assert.equal(wheel.size, 0);
  assert.equal(wheel.next(), Infinity);
  wheel.insert(entry, 3);
  assert.equal(wheel.next(), 3);
  wheel.advance(3);
  assert.equal(fired, 1);
});

test('insert reports a tick before the alarm', () => {
  const wheel = new TimerWheel(0);
  const seen: number[] = [];
  wheel.onEarlier = (tick) => seen.push(tick);
  wheel.insert(new Entry(0, () => {}), 5);
  wheel.alarm = 100;
  wheel.insert(new Entry(1, () => {}), 100);
  wheel.insert(new Entry(2, () => {}), 98.5);
  assert.deepEqual(seen, [99]);
});

test('holds a million live timers and fires each once', () => {
  const wheel = new TimerWheel(0);
  let fired = 0;
  const count = (): void => void fired++;
  const total = 1_000_000;
  for (let i = 0; i < total; i++) wheel.insert(new Entry(i, count), (i * 7919) % 3_600_000);
  assert.equal(wheel.size, total);
  wheel.advance(1_800_000);
  assert.ok(fired > 0 && fired < total);
  wheel.advance(3_600_000);
  assert.equal(fired, total);
  assert.equal(wheel.size, 0);
});
