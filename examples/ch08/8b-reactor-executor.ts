/** Reactor and executor, joined by wakers alone: the executor sleeps until it is woken, and polls only who was. */
import { Coroutine, type Steps, wait } from '../ch07/coroutine.ts';
import { paced } from '../ladder/pace.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { served } from '../ladder/served.ts';
import { Executor } from './executor.ts';
import { Reactor } from './reactor.ts';
import type { Waker } from './waker.ts';
import { WokenGet } from './woken-get.ts';

// #region program
function* program(reactor: Reactor, server: Host): Steps<void, Waker> {
  console.log('main: Program starting');
  const first = yield* wait(new WokenGet(reactor, server, `/${paced(600)}/one`));
  console.log(`main: ${first}`);
  const second = yield* wait(new WokenGet(reactor, server, `/${paced(400)}/two`));
  console.log(`main: ${second}`);
}
// #endregion

await served((server) => {
  // #region main
  using reactor = new Reactor();
  const executor = new Executor('main');
  executor.spawn(new Coroutine(program(reactor, server)));
  executor.run(() => reactor.wait());
  // #endregion
  console.log(`${executor.polls} polls`);
});
