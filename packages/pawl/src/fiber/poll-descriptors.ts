/**
 * poll(2), as a future: for libraries whose blocking `poll` is redirected.
 *
 * What must hold: it answers what poll(2) would, and writes `revents` as that does; only the waiting is ours.
 *
 * Source: poll(2); `struct pollfd { int fd; short events; short revents; }`.
 */
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { race } from '../future/race.ts';
import { Interest } from '../sys/queue/interest.ts';
import { sleep } from '../time/sleep.ts';
import { callNow } from './call.ts';
import { type CFunction, library } from './c-function.ts';
import { peek } from './peek.ts';
import { Readiness, type Wanted } from './readiness.ts';
import type { Pointer } from './types.ts';

const POLLIN = 1;
const POLLPRI = 2;
const POLLOUT = 4;
const POLLFD_SIZE = 8;

let bound: CFunction<readonly ['pointer', 'size', 'int32'], 'int32'> | null = null;

function systemPoll(): NonNullable<typeof bound> {
  return (bound ??= library(null, { poll: { arguments: ['pointer', 'size', 'int32'], returns: 'int32' } }).poll);
}

/**
 * Waits as poll(2) does: for the `count` descriptors of the array at `descriptors`, at most `timeout` milliseconds (negative: for ever). Gives
 * what poll(2) returns. Cancelling it is *safe*.
 *
 * Errors: EMFILE and its kin, UNSUPPORTED_PLATFORM under another driver than the native one.
 */
export const pollDescriptors: (descriptors: Pointer | null, count: number, timeout: number) => Future<number> =
  coroutine(function* poll(descriptors: Pointer | null, count: number, timeout: number) {
    const ready = callNow(systemPoll(), descriptors, count, 0);
    if (ready !== 0 || timeout === 0) return ready;
    const readiness = new Readiness(wantedOf(descriptors, count));
    if (timeout < 0) yield* readiness;
    else yield* race([readiness, sleep(timeout)]);
    return callNow(systemPoll(), descriptors, count, 0);
  });

function wantedOf(descriptors: Pointer | null, count: number): Wanted[] {
  const wanted: Wanted[] = [];
  for (let i = 0; i < count; i++) {
    const fd = peek('int32', descriptors, POLLFD_SIZE * i);
    const events = peek('int32', descriptors, POLLFD_SIZE * i + 4) & 0xffff;
    const interest =
      ((events & (POLLIN | POLLPRI)) === 0 ? 0 : Interest.READABLE) |
      ((events & POLLOUT) === 0 ? 0 : Interest.WRITABLE);
    if (fd >= 0 && interest !== 0) wanted.push({ fd, interest });
  }
  return wanted;
}
