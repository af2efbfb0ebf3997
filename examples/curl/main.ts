/**
 * `npm start -- examples/curl/main.ts`: fifty blocking transfers of libcurl at once, from the delay server, all on this thread. Each takes 200 ms,
 * and so do all of them together.
 */
import { coroutine, join, spawn } from 'pawl';
import { TcpListener } from 'pawl/net';
import { serve } from '../delay-server/server.ts';
import { get, redirected } from './get.ts';

export default coroutine(function* main() {
  using _waiting = redirected();
  using listener = yield* TcpListener.bind('127.0.0.1:0');
  const serving = spawn(serve(listener, () => {}));
  const { port } = listener.localAddress;
  const began = performance.now();
  const transfers = yield* join(Array.from({ length: 50 }, (_, i) => get(`http://127.0.0.1:${port}/200/cup-${i}`)));
  console.log(
    `${transfers.length} transfers in ${(performance.now() - began).toFixed(0)} ms; the last: ${transfers.at(-1)?.text}`,
  );
  listener.close();
  yield* serving;
});
