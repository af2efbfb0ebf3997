/** Leaf futures and the others, and their three phases as they happen: poll, wait, wake. */
import { channel } from 'node:diagnostics_channel';
import { coroutine, Future, PENDING, run, type Context, type Poll, type TaskEvent, type Waker } from 'pawl';
import { paced } from '../ladder/pace.ts';

// #region leaf
/** A leaf: nothing is below it but the world. Here the world is an alarm clock of Node's. */
class Alarm extends Future<string> {
  #ringing = false;
  #clock: NodeJS.Timeout | undefined;
  #waker: Waker | undefined;
  readonly #ms: number;

  constructor(ms: number) {
    super();
    this.#ms = ms;
  }

  poll(cx: Context): Poll<string> {
    if (this.#ringing) {
      console.log('poll    the leaf: it rings');
      return 'good morning';
    }
    console.log('poll    the leaf: it does not ring yet; keeps the waker, says PENDING');
    this.#waker = cx.waker;
    this.#clock ??= setTimeout(() => {
      console.log('event   the clock’s hand has come round');
      this.#ringing = true;
      this.#waker?.wake();
    }, paced(this.#ms));
    return PENDING;
  }

  override cancel(_cx: Context): Poll<void> {
    clearTimeout(this.#clock);
    return undefined;
  }
}
// #endregion

// #region non-leaf
/** Not a leaf: it only polls others. It knows no clock and no waker. */
const sleeper = coroutine(function* sleeper() {
  console.log('poll    the coroutine begins');
  const greeting = yield* new Alarm(500);
  console.log(`poll    the coroutine goes on: "${greeting}"`);
});
// #endregion

// #region phases
const program = sleeper();
console.log('made    the coroutine is there, and nothing has happened');

channel('pawl:task:wake').subscribe((message) => {
  const { task } = message as TaskEvent;
  console.log(`wake    task "${task.name}" goes into the ready queue`);
});
channel('pawl:task:poll').subscribe((message) => {
  const { task } = message as TaskEvent;
  if (task.state === 'waiting') console.log('wait    the task waits: the thread does something else, or sleeps');
});
await run(program, { name: 'sleeper' });
// #endregion
console.log('done');
