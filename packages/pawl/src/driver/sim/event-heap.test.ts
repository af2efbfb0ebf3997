import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constant, integer, oneof, property, record } from 'fast-check';
import { CallEvent, EventHeap, type WorldEvent } from './event-heap.ts';

const step = oneof(
  record({ what: constant('set' as const), event: integer({ min: 0, max: 19 }), time: integer({ min: 0, max: 9 }) }),
  record({ what: constant('remove' as const), event: integer({ min: 0, max: 19 }), time: constant(0) }),
  record({ what: constant('take' as const), event: constant(0), time: constant(0) }),
);

test('events come out by time, then in the order in which they were put in or moved', () => {
  check(
    property(array(step, { maxLength: 200 }), (steps) => {
      const heap = new EventHeap();
      const events: WorldEvent[] = Array.from({ length: 20 }, () => new CallEvent(() => {}));
      // The model: a list in which whatever is put in goes behind everything that is not later.
      let model: { event: WorldEvent; time: number }[] = [];
      for (const { what, event: at, time } of steps) {
        const event = events[at]!;
        if (what === 'take') {
          assert.equal(heap.nextTime, model[0]?.time ?? Infinity);
          if (model.length > 0) assert.equal(heap.take(), model.shift()!.event);
          continue;
        }
        model = model.filter((known) => known.event !== event);
        if (what === 'remove') heap.remove(event);
        else {
          heap.set(event, time);
          const behind = model.findIndex((known) => known.time > time);
          model.splice(behind < 0 ? model.length : behind, 0, { event, time });
        }
        assert.equal(heap.size, model.length);
      }
      while (model.length > 0) assert.equal(heap.take(), model.shift()!.event);
      assert.equal(heap.nextTime, Infinity);
    }),
  );
});
