/** The HTTP server and client in simulated worlds: over links that are slow and lose packets, with clients that go away at any time. */
import assert from 'node:assert/strict';
import { coroutine, type Future, join, PawlError, retry, sleep, spawn, timeout } from 'pawl';
import { Client, type Handled, serve, type Server, type ServerRequest } from 'pawl/http';
import type { World } from 'pawl/testing';
import { disturbed, inWorlds, pause, untilEnded } from '../support/in-worlds.ts';

const SEEDS = { seeds: 150 };

/** A server on a host of its own, and what is known of it. */
class Shop {
  readonly url = 'http://shop';
  /** Null before it has started. */
  server: Server | null = null;
  /** Handlers under way. */
  handling = 0;
  /** Asked to close, and has done so. */
  closing = false;
  closed = false;

  constructor(world: World, handle: (request: ServerRequest, shop: Shop) => Future<Answered>) {
    const counted = coroutine(function* (shop: Shop, request: ServerRequest) {
      shop.handling++;
      try {
        return yield* handle(request, shop);
      } finally {
        shop.handling--;
      }
    });
    const program = coroutine(function* (shop: Shop) {
      const handler = (request: ServerRequest): Handled => counted(shop, request);
      const server = (shop.server = yield* serve({ host: '0.0.0.0', port: 80, handler }));
      while (!shop.closing) yield* sleep(5);
      yield* server.close();
      shop.closed = true;
    });
    world.host('shop', () => program(this));
    world.link('main', 'shop', { latency: { min: 0.5, max: 1 + world.choose(30) } });
  }

  readonly opened = coroutine(function* (this: Shop) {
    while (this.server === null) yield* sleep(1);
    return this.server;
  });

  /** Waits until nobody is connected any more. */
  readonly left = coroutine(function* (this: Shop) {
    while ((this.server as Server).connectionCount > 0) yield* sleep(100);
    assert.equal(this.handling, 0);
  });
}

interface Answered {
  readonly status?: number;
  readonly body: string | Uint8Array;
}

inWorlds(
  'each of many requests gets its own answer, however the others end',
  function* (world) {
    const shop = new Shop(
      world,
      coroutine(function* ({ target }) {
        yield* pause(world, 20);
        return { body: `answer to ${target}` };
      }),
    );
    yield* shop.opened();
    {
      using client = new Client({ connections: 1 + world.choose(4) });
      const ask = coroutine(function* (id: number) {
        yield* pause(world, 30);
        for (let i = 0; i < 2; i++) {
          const response = yield* client.get(`${shop.url}/${id}-${i}`);
          assert.equal(response.status, 200);
          assert.equal(yield* response.text(), `answer to /${id}-${i}`);
        }
      });
      const ended = yield* disturbed(
        world,
        Array.from({ length: 8 }, (_, i) => (world.chance(0.2) ? timeout(world.choose(200), ask(i)) : ask(i))),
      );
      assert.equal(ended.length, 8);
      const { waiting } = client.connections;
      assert.equal(waiting, 0);
    }
    yield* shop.left();
  },
  SEEDS,
);

/** Content whose every byte says where it belongs. */
function content(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
}

inWorlds(
  'content goes whole in both directions, with a reader that takes its time',
  function* (world) {
    const size = 1 + world.choose(40_000);
    const bytes = content(size);
    const shop = new Shop(
      world,
      coroutine(function* ({ body }) {
        const taken = new Uint8Array(size);
        let at = 0;
        for (;;) {
          const n = yield* body.read(taken.subarray(at, at + 1 + world.choose(8000)));
          if (n === 0) break;
          at += n;
          if (world.chance(0.1)) yield* pause(world);
        }
        return { body: taken.subarray(0, at) };
      }),
    );
    yield* shop.opened();
    {
      using client = new Client();
      const response = yield* client.request(shop.url, { method: 'POST', body: bytes });
      const back: number[] = [];
      const piece = new Uint8Array(1 + world.choose(5000));
      for (let n = yield* response.body.read(piece); n > 0; n = yield* response.body.read(piece)) {
        back.push(...piece.subarray(0, n));
        if (world.chance(0.1)) yield* pause(world);
      }
      assert.deepEqual(Uint8Array.from(back), bytes);
    }
    yield* shop.left();
  },
  SEEDS,
);

inWorlds(
  'a server that closes answers what it has begun, and takes nothing more',
  function* (world) {
    const served = new Set<string>();
    const shop = new Shop(
      world,
      coroutine(function* ({ target }) {
        yield* pause(world, 20);
        served.add(target);
        return { body: target };
      }),
    );
    const server = yield* shop.opened();
    const answered = new Set<string>();
    {
      using client = new Client({ headTimeout: 5000 });
      const ask = coroutine(function* (target: string) {
        yield* pause(world, 40);
        try {
          const response = yield* client.get(shop.url + target);
          assert.equal(yield* response.text(), target);
          answered.add(target);
        } catch (error) {
          // A connection that was made, or kept, when the server closed. That it is reset may be lost on the way.
          assert.match(String((error as PawlError).code), /^(ECONNREFUSED|ECONNRESET|EPIPE|UNEXPECTED_EOF|TIMEOUT)$/);
        }
      });
      const asking = spawn(join(Array.from({ length: 6 }, (_, i) => ask(`/${i}`))));
      yield* pause(world, 60);
      shop.closing = true;
      yield* asking;
      while (!shop.closed) yield* sleep(5);
    }
    assert.deepEqual([...answered].toSorted(), [...served].toSorted());
    assert.equal(server.connectionCount, 0);
    assert.equal(shop.handling, 0);
  },
  SEEDS,
);

inWorlds(
  'a client that goes away in the middle of anything leaves no handler and no connection behind',
  function* (world) {
    const shop = new Shop(
      world,
      coroutine(function* ({ body }) {
        const sent = yield* body.bytes();
        yield* sleep(world.choose(100));
        return { body: sent };
      }),
    );
    yield* shop.opened();
    {
      using client = new Client();
      const send = coroutine(function* () {
        const response = yield* client.request(shop.url, { method: 'PUT', body: content(world.choose(40_000)) });
        yield* response.bytes();
      });
      for (let i = 0; i < 4; i++) yield* untilEnded(timeout(1 + world.choose(150), send()));
      // The pool has kept nothing that is half read.
      yield* send();
    }
    yield* shop.left();
  },
  SEEDS,
);

inWorlds(
  'a server that crashes and comes back is asked again over new connections',
  function* (world) {
    let boots = 0;
    const host = world.host('shop', function* () {
      boots++;
      yield* serve({ host: '0.0.0.0', port: 80, handler: ({ target }) => target });
      yield* sleep(1e9);
    });
    using client = new Client({ connectTimeout: 1000, headTimeout: 1000, bodyTimeout: 1000 });
    let failures = 0;
    const crashing = spawn(function* () {
      for (let i = 0; i < 3; i++) {
        yield* sleep(world.choose(500));
        host.crash();
        yield* sleep(1 + world.choose(500));
        host.restart();
      }
    });
    for (let i = 0; i < 30 || !crashing.finished; i++) {
      yield* sleep(world.choose(40));
      try {
        const response = yield* timeout(2000, client.get(`http://shop/${i}`));
        assert.equal(yield* response.text(), `/${i}`);
      } catch (error) {
        if (!(error instanceof PawlError)) throw error;
        failures++;
      }
    }
    yield* crashing;
    // A packet may be lost several times.
    const last = yield* retry(() => client.get('http://shop/last'), { attempts: 5 });
    assert.equal(yield* last.text(), '/last');
    // One that crashes at once has not begun.
    assert.ok(boots >= 2 && boots <= 4);
    assert.ok(failures < 30);
  },
  SEEDS,
);
