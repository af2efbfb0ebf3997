/** For `pawl run`: listens to SIGINT itself, which stops it all the same. */
import { coroutine, sleep } from 'pawl';
import { signals } from 'pawl/process';

export default coroutine(function* main() {
  const interrupts = yield* signals('SIGINT');
  try {
    console.log('ready');
    yield* interrupts.next();
    console.log('went on');
  } finally {
    yield* interrupts.close();
    yield* sleep(1);
    console.log('cleaned up');
  }
});
