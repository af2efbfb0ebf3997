/** Streams in simulated worlds: whoever stops in the middle loses nothing that he has not taken, and closes all that is behind. */
import assert from 'node:assert/strict';
import { coroutine, type Future, sleep, spawn, timeout } from 'pawl';
import { END, type Stream, Stream as Streams, stream } from 'pawl/stream';
import type { World } from 'pawl/testing';
import { disturbed, inWorlds, pause, untilEnded } from '../support/in-worlds.ts';

/** Sources that count how many of them are open. */
class Sources {
  open = 0;
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  /** `from`, `from + 1`, …, with pauses; closing it takes time. */
  count(from: number, count: number): Stream<number> {
    const { world } = this;
    const begin = (): void => void this.open++;
    const end = (): void => void this.open--;
    return stream<number>(function* (emit) {
      begin();
      try {
        for (let i = 0; i < count; i++) {
          if (world.chance(0.5)) yield* pause(world);
          yield* emit(from + i);
        }
      } finally {
        try {
          if (world.chance(0.5)) yield* pause(world);
        } finally {
          end();
        }
      }
    });
  }
}

/** Takes values, giving up now and then, until the stream has ended. */
const drain = coroutine(function* (world: World, from: Stream<number>) {
  const seen: number[] = [];
  for (;;) {
    let ended = false;
    const take = coroutine(function* () {
      const value = yield* from.next();
      if (value === END) ended = true;
      else seen.push(value);
    });
    yield* world.chance(0.5) ? untilEnded(timeout(world.choose(4), take())) : take();
    if (ended) return seen;
    if (world.chance(0.3)) yield* pause(world);
  }
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Ways of passing on the values of a stream, each once and in order. */
const WAYS: Readonly<Record<string, (world: World, from: Stream<number>) => Stream<number>>> = {
  'as it is': (_world, from) => from,
  mapped: (_world, from) => from.map((n) => n),
  buffered: (world, from) => from.buffer(1 + world.choose(3)),
  'mapped concurrently': (world, from) =>
    from.mapConcurrent(1 + world.choose(3), function* (n) {
      yield* pause(world);
      return n;
    }),
  'in chunks': (world, from) => from.chunk(1 + world.choose(3)).flatMap((chunk) => Streams.of(...chunk)),
  throttled: (world, from) => from.throttle(1 + world.choose(3)),
};

for (const [way, through] of Object.entries(WAYS)) {
  inWorlds(`a stream ${way}, whose consumer gives up now and then, gives each value once, in order`, function* (world) {
    const sources = new Sources(world);
    const seen = yield* drain(world, through(world, sources.count(0, 8)));
    assert.deepEqual(seen, numbers(8));
    assert.equal(sources.open, 0);
  });

  inWorlds(`a stream ${way} that is closed, or whose consumer is aborted, leaves no source open`, function* (world) {
    const sources = new Sources(world);
    const from = through(world, sources.count(0, 8));
    const seen: number[] = [];
    const consume = world.chance(0.5)
      ? from.forEach((n) => void seen.push(n))
      : coroutine(function* () {
          try {
            for (let value = yield* from.next(); value !== END; value = yield* from.next()) seen.push(value);
          } finally {
            yield* from.close();
          }
        })();
    const ended = yield* disturbed(world, [consume], 0.8);
    assert.deepEqual(seen, numbers(seen.length));
    if (ended[0] === true) assert.equal(seen.length, 8);
    // One who was aborted before his first poll has not begun.
    yield* from.close();
    assert.equal(sources.open, 0);
  });
}

inWorlds('merged streams give all that each of them gives, each in order', function* (world) {
  const sources = new Sources(world);
  const seen = yield* drain(world, Streams.merge(sources.count(0, 5), sources.count(100, 5), sources.count(200, 5)));
  for (const from of [0, 100, 200])
    assert.deepEqual(
      seen.filter((n) => n >= from && n < from + 100),
      numbers(5).map((n) => n + from),
    );
  assert.equal(seen.length, 15);
  assert.equal(sources.open, 0);
});

inWorlds('merged streams that are closed while each of them is under way are all closed', function* (world) {
  const sources = new Sources(world);
  const merged = Streams.merge(sources.count(0, 50), sources.count(100, 50), sources.count(200, 50));
  const consuming: Future<unknown> = spawn(merged.forEach(() => {}));
  yield* pause(world, 20);
  yield* merged.close();
  assert.equal(sources.open, 0);
  yield* untilEnded(consuming);
  yield* sleep(10);
  assert.equal(sources.open, 0);
});
