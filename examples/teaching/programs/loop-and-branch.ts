// Waits in a loop and in a branch: each place that is jumped to becomes a state as well.
import { sleep } from 'pawl';
import { get } from '../get.ts';

export default coroutine function main() {
  let misses = 0;
  for (let i = 3; i > 0; i--) {
    const text = get(`/${i * 10}/${i}`).wait;
    if (text === '2') {
      sleep(5).wait;
      misses++;
      continue;
    }
    console.log(`${text}…`);
  }
  console.log(misses === 1 ? 'and one is missing' : 'a miscount');
}
