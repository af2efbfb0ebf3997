/** Clients that know nothing of this runtime, on it: fetch, node:http, and one from npm. */
import * as http from 'node:http';
import { text } from 'node:stream/consumers';
import { coroutine, fromPromise, join, run, spawn } from 'pawl';
import { get } from 'pawl/http';
import { once } from 'pawl/node';
import { request } from 'undici';
import { paced } from '../ladder/pace.ts';
import { served } from '../ladder/served.ts';

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

// #region clients
const byFetch = coroutine(function* (url: string) {
  const response = yield* fromPromise(fetch(url));
  return yield* fromPromise(response.text());
});

const byNodeHttp = coroutine(function* (url: string) {
  const [response] = yield* once<[http.IncomingMessage]>(http.get(url, { agent: false }), 'response');
  return yield* fromPromise(text(response));
});

const byUndici = coroutine(function* (url: string) {
  const { body } = yield* fromPromise(request(url));
  return yield* fromPromise(body.text());
});

const byOurs = coroutine(function* (url: string) {
  const response = yield* get(url);
  return yield* response.text();
});
// #endregion

await served(
  async (server) => {
    await run(function* () {
      const clients = { fetch: byFetch, 'node:http': byNodeHttp, undici: byUndici, 'pawl/http': byOurs };
      const asked = Object.entries(clients).map(([name, client]) =>
        client(`${server.url}/${paced(300)}/${encodeURIComponent(name)}`),
      );
      console.log(`at once on one thread: ${(yield* join(asked)).join(', ')}`);

      // #region hundred
      const began = performance.now();
      const answered: number[] = [];
      const tasks = HUNDRED.map((i) =>
        spawn(function* () {
          answered.push(Number(yield* byOurs(`${server.url}/${paced(i * 10)}/${i}`)));
        }),
      );
      yield* join(tasks);
      const took = performance.now() - began;
      // #endregion
      const displaced = Math.max(...answered.map((number, place) => Math.abs(number - place)));
      const sum = HUNDRED.reduce((total, i) => total + paced(i * 10), 0);
      console.log(
        `${answered.length} requests with delays of 0 to ${paced(990)} ms: ${took.toFixed(0)} ms in all, instead of ${sum} ms`,
      );
      console.log(
        displaced < 10
          ? 'they were answered in the order of their delays'
          : `one of them came ${displaced} places late`,
      );
    });
  },
  { log: false },
);
