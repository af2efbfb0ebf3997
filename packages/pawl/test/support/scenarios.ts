/** Scenarios of simulated worlds for other threads, which load them from here. */
import { threadId } from 'node:worker_threads';
import { sleep, spawn, yieldNow } from 'pawl';
import type { World } from 'pawl/testing';

/** Nothing is wrong with it. */
export default function* sound(world: World) {
  world.host('other', function* () {
    for (let i = 0; i < world.choose(20); i++) yield* sleep(3.7);
  });
  yield* sleep(50.1);
}

/** An update is lost in some worlds. */
export function* lostUpdate() {
  let balance = 0;
  const deposit = function* () {
    yield* yieldNow();
    const before = balance;
    for (let i = 0; i < 30; i++) yield* yieldNow();
    if (before === 0 && balance > 0) throw new Error('an update is lost');
    balance = before + 1;
  };
  const other = spawn(function* () {
    for (let i = 0; i < 45; i++) yield* yieldNow();
    balance++;
  });
  yield* deposit();
  yield* other;
}

/** Fails in every thread but the first. */
export function* elsewhere() {
  yield* sleep(1);
  if (threadId > 0) throw new Error('not the first thread');
}

export const noFunction = 1;
