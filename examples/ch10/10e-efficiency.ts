/** Ergonomics against efficiency, measured: by hand, as a generator, with async and await. */
import { blockOn, coroutine, Future, PENDING, type Context, type Poll } from 'pawl';

const AWAITS = 200_000;
const ROUNDS = 7;

// #region three
/** Gives its number at once. */
class Ready extends Future<number> {
  poll(_cx: Context): Poll<number> {
    return 1;
  }
}

/** By hand: a class, a state, a loop. */
class Sum extends Future<number> {
  #sum = 0;
  #at = 0;

  poll(cx: Context): Poll<number> {
    for (; this.#at < AWAITS; this.#at++) {
      const value = new Ready().poll(cx);
      if (value === PENDING) return PENDING;
      this.#sum += value;
    }
    return this.#sum;
  }
}

/** As a generator. */
const sum = coroutine(function* () {
  let total = 0;
  for (let i = 0; i < AWAITS; i++) total += yield* new Ready();
  return total;
});

/** With promises. */
const one = Promise.resolve(1);

async function promised(): Promise<number> {
  let total = 0;
  for (let i = 0; i < AWAITS; i++) total += await one;
  return total;
}
// #endregion

const ways = {
  'by hand': () => blockOn(new Sum()),
  'as a generator': () => blockOn(sum()),
  'async and await': promised,
};

const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, way] of Object.entries(ways)) {
    const began = process.cpuUsage();
    const total = await way();
    if (total !== AWAITS) throw new Error(`${name} has counted ${total}`);
    const { user, system } = process.cpuUsage(began);
    times.get(name)?.push(user + system);
  }
}

console.log('an await of a value that is there, in nanoseconds of processor time (median of 7):');
const medians = [...times].map(([name, taken]) => {
  const median = taken.sort((a, b) => a - b)[ROUNDS >> 1] as number;
  return [name, (median * 1000) / AWAITS] as const;
});
for (const [name, ns] of medians) console.log(`  ${name.padEnd(16)} ≈ ${ns.toFixed(1)}`);
