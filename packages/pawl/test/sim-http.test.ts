/** HTTP in a simulated world: the library's own server and client, over links that are slow, lossy and cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine, fromPromise, Instant, join, PawlError, sleep, spawn, timeout } from 'pawl';
import { fetch, get, serve } from 'pawl/http';
import { simulate, type Host, type Scenario, type SimulateOptions, type World } from 'pawl/testing';

const check = (title: string, scenario: Scenario, options: SimulateOptions = {}): void =>
  void test(title, async () => {
    await simulate({ seeds: 10, check: true, ...options }, scenario);
  });

/** What happened to the requests of a shop. */
interface Shop {
  readonly orders: string[];
  running: number;
  answered: number;
  host: Host | null;
}

function shop(world: World): Shop {
  const state: Shop = { orders: [], running: 0, answered: 0, host: null };
  state.host = world.host('shop', function* () {
    yield* serve({
      host: '0.0.0.0',
      port: 80,
      *fetch(request) {
        state.running++;
        try {
          const { pathname, searchParams } = new URL(request.url);
          if (request.method === 'POST') state.orders.push(yield* fromPromise(request.text()));
          yield* sleep(Number(searchParams.get('ms') ?? 5));
          state.answered++;
          return Response.json({ pathname, at: new Date().toISOString() });
        } finally {
          state.running--;
        }
      },
    });
    yield* sleep(1e9);
  });
  return state;
}

const ask = coroutine(function* (path: string) {
  const response = yield* get(`http://shop${path}`);
  assert.equal(response.status, 200);
  return (yield* response.json()) as { pathname: string; at: string };
});

check('many clients are answered, each what it has asked', function* (world) {
  shop(world);
  world.link('main', 'shop', { latency: { min: 5, max: 40 }, loss: 0.02 });
  const answered: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    world.host(name, function* () {
      yield* sleep(20);
      const paths = Array.from({ length: 10 }, (_, i) => `/${name}/${i}?ms=${i * 3}`);
      const answers = yield* join(paths.map((path) => ask(path)));
      answered.push(...answers.map(({ pathname }) => pathname));
    });
  }
  yield* sleep(20);
  for (let i = 0; i < 10; i++) {
    const { at } = yield* ask(`/main/${i}`);
    assert.match(at, /^2030-01-01T00:0/);
  }
  while (answered.length < 30) yield* sleep(100);
  assert.equal(new Set(answered).size, 30);
});

check('a client that gives up over a partition stops its request on the server', function* (world) {
  const state = shop(world);
  yield* sleep(20);
  const asking = spawn(ask('/slow?ms=50000'));
  while (state.running === 0) yield* sleep(100);
  asking.abort();
  while (state.running > 0) yield* sleep(100);
  assert.equal(state.answered, 0);
  const began = Instant.now();
  world.partition('main', 'shop');
  const lost = spawn(
    coroutine(function* () {
      try {
        yield* timeout(3000, ask('/lost'));
        assert.fail('it was answered');
      } catch (error) {
        assert.equal((error as PawlError).code, 'TIMEOUT');
      }
    })(),
  );
  yield* lost;
  assert.ok(began.elapsed() >= 3000);
  world.heal();
  yield* timeout(60_000, ask('/again'));
});

check('what was posted arrives whole over a slow link', function* (world) {
  const state = shop(world);
  world.link('main', 'shop', { latency: 20, bandwidth: 200_000, loss: 0.01 });
  yield* sleep(20);
  const text = 'tea '.repeat(20_000);
  const response = yield* fetch('http://shop/orders', { method: 'POST', body: text });
  assert.equal(response.status, 200);
  assert.deepEqual(state.orders, [text]);
});

check('a server that crashes is found again', function* (world) {
  const host = shop(world).host!;
  yield* sleep(20);
  yield* ask('/1');
  host.crash();
  yield* sleep(5000);
  host.restart();
  yield* sleep(1000);
  yield* timeout(60_000, ask('/2'));
});
