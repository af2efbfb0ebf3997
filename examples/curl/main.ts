/**
 * `npm start -- examples/curl/main.ts`: fifty blocking transfers of libcurl at once, from the delay server, all on this thread. Each takes 200 ms,
 * and so do all of them together.
 */
import { coroutine, join } from 'pawl';
import { delayServer } from '../delay-server/server.ts';
import { get, redirected } from './get.ts';

export default coroutine(function* main() {
  using _waiting = redirected();
  const server = yield* delayServer(() => {});
  const began = performance.now();
  const transfers = yield* join(Array.from({ length: 50 }, (_, i) => get(`${server.url}/200/cup-${i}`)));
  console.log(
    `${transfers.length} transfers in ${(performance.now() - began).toFixed(0)} ms; the last: ${transfers.at(-1)?.text}`,
  );
  yield* server.close();
});
