/**
 * Lost update: a balance is read, a sum is worked out, and the sum is written. Whoever has read in between works with the old balance, and
 * one of the two deposits is gone.
 */
import assert from 'node:assert/strict';
import { coroutine, Mutex, sleep, spawn } from 'pawl';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

class Account {
  balance = 0;
  readonly lock = new Mutex();

  readonly read = coroutine(function* (this: Account) {
    yield* sleep(1);
    return this.balance;
  });

  readonly write = coroutine(function* (this: Account, balance: number) {
    yield* sleep(1);
    this.balance = balance;
  });
}

const careless = coroutine(function* (account: Account, amount: number) {
  const before = yield* account.read();
  yield* account.write(before + amount);
});

const careful = coroutine(function* (account: Account, amount: number) {
  using _guard = yield* account.lock.lock();
  yield* careless(account, amount);
});

const tellers = (deposit: typeof careless): Scenario =>
  function* () {
    const account = new Account();
    const deposits = [0, 10, 20].map((at) =>
      spawn(function* () {
        yield* sleep(at);
        yield* deposit(account, 100);
      }),
    );
    for (const task of deposits) yield* task;
    assert.equal(account.balance, 300, 'a deposit is lost');
  };

export const lostUpdate: Fault = {
  faulty: tellers(careless),
  corrected: tellers(careful),
  shows: /a deposit is lost/,
};
