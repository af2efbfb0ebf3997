/**
 * A message lost on cancellation: receiving is safe to cancel, but what is built on it takes a message and then awaits something else. A
 * timeout that strikes there throws the message away.
 */
import assert from 'node:assert/strict';
import { channel, coroutine, type Future, PawlError, type Receiver, sleep, spawn, timeout } from 'pawl';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

const JOBS = 10;

/** Fetches what a job needs. */
const prepare = coroutine(function* (job: number) {
  yield* sleep(2);
  return job;
});

const takeAndPrepare = coroutine(function* (receiver: Receiver<number>) {
  return yield* prepare((yield* receiver.recv()) as number);
});

const careless = (receiver: Receiver<number>): Future<number> => timeout(30, takeAndPrepare(receiver));

const careful = coroutine(function* (receiver: Receiver<number>) {
  return yield* prepare((yield* timeout(30, receiver.recv())) as number);
});

const worker = (next: (receiver: Receiver<number>) => Future<number>): Scenario =>
  function* () {
    const [sender, receiver] = channel<number>(1);
    spawn(function* () {
      for (let job = 0; job < JOBS; job++) {
        yield* sleep(15 + Math.random() * 30);
        yield* sender.send(job);
      }
    });
    const done: number[] = [];
    for (let idle = 0; idle < 10 && done.length < JOBS;) {
      try {
        done.push(yield* next(receiver));
        idle = 0;
      } catch (error) {
        if (!(error instanceof PawlError && error.code === 'TIMEOUT')) throw error;
        idle++; // tells the others that it is alive
      }
    }
    assert.equal(done.length, JOBS, 'a job is lost');
  };

export const messageLost: Fault = {
  faulty: worker(careless),
  corrected: worker(careful),
  shows: /a job is lost/,
};
