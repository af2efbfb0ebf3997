/**
 * A retry that duplicates: a payment whose answer does not come in time is asked for again. Where only the answer was late, the customer has
 * paid twice.
 */
import assert from 'node:assert/strict';
import { coroutine, PawlError, retry, sleep } from 'pawl';
import { request, serve } from 'pawl/http';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

/** Charges, and says what the last part of the request's path was if it has charged for that before. */
class Bank {
  readonly charges: string[] = [];
  private readonly seen = new Set<string>();

  readonly charge = coroutine(function* (this: Bank, order: string, key: string) {
    if (this.seen.has(key)) return 'paid already';
    this.seen.add(key);
    this.charges.push(order);
    yield* sleep(5);
    return 'paid';
  });
}

/** `keyOf` names a payment: the bank makes none of the same name again. */
const customer = (keyOf: (order: string, attempt: number) => string): Scenario =>
  function* (world) {
    const bank = new Bank();
    world.host('bank', function* () {
      yield* serve({
        host: '0.0.0.0',
        port: 80,
        *handler({ target }) {
          const [, order = '', key = ''] = target.split('/');
          return yield* bank.charge(order, key);
        },
      });
      yield* sleep(1e9);
    });
    world.link('main', 'bank', { latency: { min: 5, max: 60 } });
    yield* sleep(20);
    for (const order of ['tea', 'milk', 'sugar']) {
      yield* retry(
        (attempt) => request(`http://bank/${order}/${keyOf(order, attempt)}`, { method: 'POST', timeout: 150 }),
        {
          attempts: Infinity,
          base: 50,
          when: (error) => error instanceof PawlError,
        },
      );
    }
    assert.deepEqual(bank.charges, ['tea', 'milk', 'sugar'], 'a customer has paid twice');
  };

export const retryDuplicates: Fault = {
  faulty: customer((order, attempt) => `${order}-${attempt}`),
  corrected: customer((order) => order),
  shows: /a customer has paid twice/,
};
