/** Spawning: five requests are five tasks, all begun at once, and each ends when its own answer has come. */
import { run, spawn } from 'pawl';
import { get } from 'pawl/http';
import { Coroutine, type Steps, wait } from '../ch07/coroutine.ts';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import { Executor } from './executor.ts';
import { Reactor } from './reactor.ts';
import type { Waker } from './waker.ts';
import { WokenGet } from './woken-get.ts';

const NUMBERS = [1, 2, 3, 4, 5];
const delayOf = (i: number): number => paced((6 - i) * 500);

await served(async (server) => {
  // #region small
  using reactor = new Reactor();
  const executor = new Executor('main');
  function* request(i: number): Steps<void, Waker> {
    const answer = yield* wait(new WokenGet(reactor, server, `/${delayOf(i)}/request-${i}`));
    executor.say(answer);
  }
  for (const i of NUMBERS) executor.spawn(new Coroutine(request(i)));
  executor.run(() => reactor.wait());
  console.log(`${executor.polls} polls: each task was polled twice, whatever happened to the others\n`);
  // #endregion

  // #region library
  await run(function* () {
    for (const i of NUMBERS) {
      spawn(function* () {
        const response = yield* get(`${server.url}/${delayOf(i)}/library-${i}`);
        console.log(`pawl: ${yield* response.text()}`);
      });
    }
    console.log('pawl: main is done, and does not end before its children');
  });
  // #endregion
});
