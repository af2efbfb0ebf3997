/** A whole runtime in one file, on the standard interfaces of the language: generators, PromiseLike, `using`. */
import { paced } from '../ladder/pace.ts';
import type { Host } from '../ladder/raw-socket.ts';
import { served } from '../ladder/served.ts';
import { get, pause } from './leaves.ts';
import { Runtime, type Steps, type Task, wait } from './runtime.ts';

// #region program
function* request(server: Host, delay: number, name: string): Steps<string> {
  const answer = yield* wait(get(server, `/${paced(delay)}/${name}`));
  console.log(`  ${answer} has been answered`);
  return answer;
}

function* impatient(): Steps<void> {
  using _cleanup = { [Symbol.dispose]: () => console.log('  the impatient one has cleaned up') };
  yield* wait(pause(60_000));
}

function* main(runtime: Runtime, server: Host): Steps<string> {
  const slow = runtime.spawn(request(server, 800, 'slow'));
  const fast = runtime.spawn(request(server, 400, 'fast'));
  const stuck: Task<void> = runtime.spawn(impatient());
  yield* wait(pause(paced(200)));
  console.log('  a pause is over, and both requests are under way');
  try {
    yield* wait(get(server, '/nonsense'));
  } catch {
    console.log('  a request has failed, and its error is caught where it was awaited');
  }
  const both = [yield* wait(slow), yield* wait(fast)];
  stuck.abort();
  return both.join(' and ');
}
// #endregion

await served(async (server) => {
  // #region run
  using runtime = new Runtime();
  const task = runtime.spawn(main(runtime, server));
  console.log('run');
  runtime.run();
  console.log(`all tasks have ended; to await one gives ${await task}`);
  // #endregion
});
