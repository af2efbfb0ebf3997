/** The simplest executor there can be: it asks again and again, and does something else in between. */
import { NOT_READY, type SmallFuture } from './future.ts';

const nap = new Int32Array(new SharedArrayBuffer(4));

// #region loop
export function pollUntilReady<T>(future: SmallFuture<T>, everyMs: number): T {
  for (;;) {
    const value = future.poll();
    if (value !== NOT_READY) return value;
    console.log('Schedule other tasks');
    Atomics.wait(nap, 0, 0, everyMs); // in place of the other tasks
  }
}
// #endregion
