/** The same coroutine as a generator: the language makes the state machine. */
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { Coroutine, type Steps, wait } from './coroutine.ts';
import { HttpGet } from './http-get.ts';
import { pollUntilReady } from './poll-loop.ts';

// #region program
function* program(server: Host): Steps<string> {
  console.log('Program starting');
  const first = yield* wait(new HttpGet(server, `/${paced(600)}/one`));
  console.log(`the first answer: ${first}`);
  const second = yield* wait(new HttpGet(server, `/${paced(400)}/two`));
  console.log(`the second answer: ${second}`);
  return `${first} and ${second}`;
}
// #endregion

await served((server) => {
  const future = new Coroutine(program(server));
  console.log('The future is made, and nothing has been sent: it is lazy');
  console.log(`resolved: ${pollUntilReady(future, paced(200))}`);
  try {
    future.poll();
  } catch (error) {
    console.log(`one more poll: ${String(error)}`);
  }
});
