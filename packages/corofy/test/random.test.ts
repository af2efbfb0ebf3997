import { test } from 'node:test';
import { compareBody } from './support/compare.ts';

// `npm run fuzz --workspace corofy` goes through many more.
const BODIES = 250;
const from = Number(process.env['COROFY_SEED'] ?? Math.floor(Math.random() * 1_000_000_000));

test(`${BODIES} random bodies from seed ${from} on do natively and compiled the same, also when they are cancelled`, async (t) => {
  let runs = 0;
  for (let seed = from; seed < from + BODIES; seed++) runs += await compareBody(seed);
  t.diagnostic(`${runs} runs compared; COROFY_SEED=${from} repeats them`);
});
