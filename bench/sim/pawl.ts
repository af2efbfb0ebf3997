/** The sim measures. */
import { channel, CLOSED, sleep, spawn, yieldNow } from 'pawl';
import { get, serve } from 'pawl/http';
import { simulate, type SimulateOptions } from 'pawl/testing';
import type { Implementation } from '../harness/measure.ts';
import { CLIENTS, SECONDS, TASKS, THINKING } from './measures.ts';

/** Tasks that give way to each other; at each poll the world decides whose turn it is. */
async function polls(n: number, options: SimulateOptions): Promise<number> {
  let sum = 0;
  await simulate({ seed: 1, ...options }, function* () {
    const tasks = Array.from({ length: TASKS }, () =>
      spawn(function* () {
        for (let i = 0; i < n / TASKS; i++) {
          sum++;
          yield* yieldNow();
        }
      }),
    );
    for (const task of tasks) yield* task;
  });
  return sum;
}

/** As many worlds: two tasks hand messages to a third, which sleeps now and then. */
async function seeds(n: number): Promise<number> {
  let sum = 0;
  await simulate({ seeds: n }, function* () {
    const [sender, receiver] = channel<number>(1);
    const produce = function* () {
      for (let i = 0; i < 5; i++) {
        yield* sender.send(1);
        yield* sleep(1);
      }
    };
    const producers = [spawn(produce), spawn(produce)];
    spawn(function* () {
      for (const producer of producers) yield* producer;
      sender.close();
    });
    for (let got = yield* receiver.recv(); got !== CLOSED; got = yield* receiver.recv()) sum += got;
  });
  return sum;
}

/** So many worlds, in each of which clients ask a server for some seconds, and think in between. */
async function http(n: number): Promise<number> {
  const { time } = await simulate({ seeds: n }, function* (world) {
    world.host('server', function* () {
      yield* serve({
        host: '0.0.0.0',
        port: 80,
        *fetch(request) {
          yield* sleep(5);
          return Response.json({ path: new URL(request.url).pathname });
        },
      });
      yield* sleep(SECONDS * 2000);
    });
    yield* sleep(100);
    const end = world.time + SECONDS * 1000;
    const clients = Array.from({ length: CLIENTS }, (_, i) =>
      spawn(function* () {
        while (world.time < end) {
          const answer = yield* get(`http://server/${i}`);
          const { path } = (yield* answer.json()) as { path: string };
          if (path !== `/${i}`) throw new Error(`an answer to ${path}`);
          yield* sleep(THINKING);
        }
      }),
    );
    for (const client of clients) yield* client;
  });
  if (time < n * SECONDS * 1000) throw new Error(`only ${time} ms`);
  return n;
}

const pawl: Implementation = {
  polls: (n) => polls(n, { strategy: 'random', freedoms: { order: 1, eventOrder: 0 } }),
  priorities: (n) => polls(n, { strategy: 'pct' }),
  seeds,
  http,
};
export default pawl;
