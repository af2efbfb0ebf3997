/** Never ends by itself: a busy loop at once, or in its cleanup. */
import { writeSync } from 'node:fs';
import { coroutine, sleep } from 'pawl';

export default coroutine(function* stubborn(where = '') {
  try {
    // Nothing of Node's runs in a busy loop, so no console.log.
    writeSync(1, 'ready\n');
    if (where === 'at once') for (;;);
    yield* sleep(Infinity);
  } finally {
    writeSync(1, 'cleaning\n');
    for (;;);
  }
});
