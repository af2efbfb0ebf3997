/** Several requests at once with joinAll: the total time is the longest delay, not the sum. */
import { join, run } from 'pawl';
import { get } from 'pawl/http';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import { HttpGet } from './http-get.ts';
import { JoinAll } from './join-all.ts';
import { pollUntilReady } from './poll-loop.ts';

const DELAYS = [900, 600, 300].map(paced);
const LONGEST = Math.max(...DELAYS);
const SUM = DELAYS.reduce((a, b) => a + b, 0);

function told(answers: readonly string[], took: number): void {
  console.log(`${answers.join(', ')}: all in ${took.toFixed(0)} ms`);
  console.log(`  (the longest delay is ${LONGEST} ms, the sum of all ${SUM} ms)`);
}

await served(async (server) => {
  // #region small
  let began = performance.now();
  const all = new JoinAll(DELAYS.map((delay, i) => new HttpGet(server, `/${delay}/request-${i}`)));
  const answers = pollUntilReady(all, paced(100));
  told(answers, performance.now() - began);
  // #endregion

  // #region library
  await run(function* () {
    began = performance.now();
    const responses = yield* join(DELAYS.map((delay, i) => get(`${server.url}/${delay}/library-${i}`)));
    const bodies = yield* join(responses.map((response) => response.text()));
    told(bodies, performance.now() - began);
  });
  // #endregion
});
