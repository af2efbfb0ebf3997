import { coroutine, sleep } from 'pawl';

const greet = coroutine(async (name: string) => {
  await sleep(1);
  if (name === '') throw new Error('nobody is there');
  return `hello, ${name}`;
});

export default coroutine(async (name: string = 'world') => {
  try {
    console.log(await greet(name));
    return 3;
  } finally {
    await sleep(1);
    console.log('done');
  }
});
