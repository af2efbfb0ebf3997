/** Waits for ever, and has a cleanup that waits. */
import { coroutine, sleep } from 'pawl';

export default coroutine(function* stop() {
  setInterval(() => {}, 1000); // what Node still has open does not keep a stopped program
  try {
    console.log('ready');
    yield* sleep(Infinity);
  } finally {
    yield* sleep(20);
    console.log('cleaned up');
  }
});
