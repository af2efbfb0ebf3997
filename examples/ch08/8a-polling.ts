/** A runtime without wakers: it blocks in the event queue, and polls everything after each event. */
import { Coroutine, type Steps, wait } from '../ch07/coroutine.ts';
import { JoinAll } from '../ch07/join-all.ts';
import { paced } from '../ladder/pace.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { served } from '../ladder/served.ts';
import { PolledGet, PollingRuntime } from './polled.ts';

// #region program
function* program(runtime: PollingRuntime, server: Host): Steps<void> {
  const requests = [1, 2, 3, 4, 5].map((i) => new PolledGet(runtime, server, `/${paced(i * 500)}/request-${i}`));
  const answers = yield* wait(new JoinAll(requests));
  console.log(answers.join(', '));
}
// #endregion

await served((server) => {
  using runtime = new PollingRuntime();
  runtime.blockOn(new Coroutine(program(runtime, server)));
  console.log(
    `≈ ${runtime.wakeUps} wake-ups, ≈ ${runtime.leafPolls} polls of leaves: everybody is asked when anything happens`,
  );
});
