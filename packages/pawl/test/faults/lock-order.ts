/** Deadlock by the order of locks: a transfer locks the account that it takes from and then the other one, and so does one in the other direction. */
import assert from 'node:assert/strict';
import { coroutine, Mutex, sleep, spawn } from 'pawl';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

class Account {
  readonly number: number;
  readonly lock: Mutex;
  balance = 100;

  constructor(number: number) {
    this.number = number;
    this.lock = new Mutex({ name: `account ${number}` });
  }
}

const locked = (inOrder: (from: Account, to: Account) => [Account, Account]) =>
  coroutine(function* (from: Account, to: Account, amount: number) {
    const [first, second] = inOrder(from, to);
    using _first = yield* first.lock.lock();
    yield* sleep(1); // looks the other account up
    using _second = yield* second.lock.lock();
    from.balance -= amount;
    to.balance += amount;
  });

const transfers = (transfer: ReturnType<typeof locked>): Scenario =>
  function* () {
    const [a, b] = [new Account(1), new Account(2)];
    const under = [
      spawn(transfer(a, b, 10)),
      spawn(function* () {
        yield* sleep(10);
        yield* transfer(b, a, 20);
      }),
      spawn(function* () {
        yield* sleep(20);
        yield* transfer(a, b, 30);
      }),
    ];
    for (const task of under) yield* task;
    assert.deepEqual([a.balance, b.balance], [80, 120]);
  };

export const lockOrder: Fault = {
  faulty: transfers(locked((from, to) => [from, to])),
  corrected: transfers(locked((from, to) => (from.number < to.number ? [from, to] : [to, from]))),
  shows: /can ever happen again[^]*mutex "account [12]"[^]*mutex "account [12]"/,
};
