import { blockOn, coroutine, ready, sleep } from 'pawl';

const inner = coroutine(async (n: number) => {
  const doubled = n * 2;
  await sleep(1);
  return doubled;
});

const outer = coroutine(async (first: number) => {
  let sum = first;
  sum += await ready(1);
  sum += await inner(sum);
  for (const n of [10, 20]) {
    const more = await inner(n);
    sum += more;
  }
  try {
    await sleep(1);
    sum++;
  } finally {
    console.log('sum', sum);
  }
  return sum;
});

console.log(blockOn(outer(1)));
