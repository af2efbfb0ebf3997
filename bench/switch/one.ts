/** Measures one kind in a process of its own: `one.ts KIND COUNT ROUNDS` prints its figures as JSON. */
import type { Kind } from './population.ts';

const [kind, count, rounds] = process.argv.slice(2);
const { default: measure } = (await import(`./${kind}.ts`)) as { readonly default: Kind };
// A first population of a hundred, so that what V8 has to learn is not in the figures.
await measure(100, Number(rounds));
console.log(JSON.stringify(await measure(Number(count), Number(rounds))));
