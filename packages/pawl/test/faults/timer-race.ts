/**
 * A timer that races its cancellation: a reserved seat falls free after a while unless it is paid for. Where the timer is cleared only after
 * the payment it may strike during it: the money is taken, and the seat is sold to another.
 */
import assert from 'node:assert/strict';
import { coroutine, sleep } from 'pawl';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

class Seat {
  owner: string | null = null;
  paid = false;
  private expiry: ReturnType<typeof setTimeout> | undefined;

  reserve(customer: string): void {
    this.owner = customer;
    this.expiry = setTimeout(() => {
      this.owner = null;
    }, 50);
  }

  keep(): void {
    clearTimeout(this.expiry);
  }
}

/** The bank's part. */
const charge = coroutine(function* (seat: Seat) {
  yield* sleep(40);
  seat.paid = true;
});

const careless = coroutine(function* (seat: Seat) {
  yield* charge(seat);
  seat.keep();
});

const careful = coroutine(function* (seat: Seat) {
  seat.keep();
  yield* charge(seat);
});

const booking = (pay: typeof careless): Scenario =>
  function* () {
    for (let i = 0; i < 5; i++) {
      const seat = new Seat();
      seat.reserve('Ada');
      yield* pay(seat);
      assert.ok(seat.paid && seat.owner === 'Ada', 'who has paid has no seat');
    }
  };

export const timerRace: Fault = {
  faulty: booking(careless),
  corrected: booking(careful),
  shows: /who has paid has no seat/,
};
