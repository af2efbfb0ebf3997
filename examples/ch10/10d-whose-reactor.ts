/** Explicit or implicit: how a leaf finds its reactor, in three ways. */
import { coroutine, Future, PawlError, PENDING, run, sleep, type Context, type Poll } from 'pawl';
import { driverOf } from '../../packages/pawl/src/driver/driver.ts';
import { Reactor } from '../ch08/reactor.ts';
import { WokenGet } from '../ch08/woken-get.ts';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';

await served((server) => {
  // #region explicit
  using reactor = new Reactor();
  const request = new WokenGet(reactor, server, `/${paced(200)}/explicit`);
  const waker = {
    woken: false,
    wake() {
      this.woken = true;
    },
  };
  request.poll(waker);
  while (!waker.woken) reactor.wait();
  console.log(
    'explicit: whoever makes the leaf hands it the reactor, and every function on the way takes one more argument',
  );
  console.log(`  ${String(request.poll(waker))}`);
  // #endregion
});

// #region context
/** In the library the reactor is found in the context of the poll: neither an argument nor a global. */
class WhoPolls extends Future<string> {
  poll(cx: Context): Poll<string> {
    return driverOf(cx).kind;
  }
}
console.log(`in the context: the leaf asks who polls it, and is told "${await run(new WhoPolls())}"`);
// #endregion

// #region outside
const outside = coroutine(function* () {
  yield* sleep(1);
});
try {
  Array.from(sleep(1));
} catch (error) {
  console.log(
    `outside of any runtime: ${error instanceof PawlError ? error.code : String(error)}, at once and by name`,
  );
}
// #endregion

// #region implicit
await outside();
console.log('implicit: awaited in ordinary async code, a future finds the runtime of its thread, which is made for it');
// #endregion

/** A leaf that waits for nothing that anybody knows of. */
class Lost extends Future<never> {
  poll(_cx: Context): Poll<never> {
    return PENDING;
  }
}

// #region lost
const reported: string[] = [];
const controller = new AbortController();
setTimeout(() => controller.abort(), paced(200));
const main = run(new Lost(), {
  name: 'main',
  mode: 'development',
  onReport: ({ code }) => void reported.push(code),
  signal: controller.signal,
});
await main.catch(() => {});
console.log(`a leaf that gave its waker to no reactor: ${reported.join()}`);
// #endregion
