/**
 * Lost wake-up: a consumer finds its queue empty, does something else, and only then begins to wait. What has come in between has woken
 * nobody, and he waits for ever.
 */
import assert from 'node:assert/strict';
import { coroutine, sleep, spawn } from 'pawl';
import { Notify } from 'pawl/sync';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

const MESSAGES = 5;

class Inbox {
  readonly arrived = new Notify();
  private readonly messages: number[] = [];
  private readonly tell: (arrived: Notify) => void;

  constructor(tell: (arrived: Notify) => void) {
    this.tell = tell;
  }

  put(message: number): void {
    this.messages.push(message);
    this.tell(this.arrived);
  }

  readonly take = coroutine(function* (this: Inbox) {
    while (this.messages.length === 0) {
      yield* sleep(1); // it writes to its log that it is idle
      yield* this.arrived.notified();
    }
    return this.messages.shift() as number;
  });
}

const consumer = (tell: (arrived: Notify) => void): Scenario =>
  function* () {
    const inbox = new Inbox(tell);
    spawn(function* () {
      for (let i = 0; i < MESSAGES; i++) {
        yield* sleep(Math.random() * 20);
        inbox.put(i);
      }
    });
    for (let i = 0; i < MESSAGES; i++) assert.equal(yield* inbox.take(), i);
  };

export const lostWakeUp: Fault = {
  faulty: consumer((arrived) => arrived.notifyAll()),
  // It is kept for whoever waits next.
  corrected: consumer((arrived) => arrived.notifyOne()),
  shows: /can ever happen again[^]*waits for a notification/,
};
