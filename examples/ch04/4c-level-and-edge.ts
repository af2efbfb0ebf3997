/** Level-triggered and edge-triggered: whether a buffer that nobody has read is reported again, and what a false wake-up is. */
import { EventQueue, Events, Interest, socketPair, type Trigger } from 'pawl/queue';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const events = new Events(16);

// #region trigger
function threeWaits(trigger: Trigger): void {
  using queue = new EventQueue();
  const [here, there] = socketPair();
  using _here = here;
  using _there = there;
  queue.register(here.fd, 7, Interest.READABLE, trigger);
  there.write(bytes('unread'));
  const first = look(queue);
  const second = look(queue); // nobody has read
  there.write(bytes(', and more'));
  const third = look(queue);
  const count = here.read(new Uint8Array(64));
  const fourth = look(queue);
  console.log(`${trigger}:`);
  console.log(`  bytes have come           ${first}`);
  console.log(`  nobody has read them      ${second}`);
  console.log(`  more bytes have come      ${third}`);
  console.log(`  all ${count} bytes are read     ${fourth}`);
}
// #endregion

/** What the queue has to tell, without sleeping. */
function look(queue: EventQueue): string {
  return queue.wait(events, 0) === 0 ? 'not told' : `told, token ${events.token(0)}`;
}

// #region false
/** Two queues, both told of the same bytes. Whoever comes second finds nothing. */
function falseWakeUp(): void {
  using one = new EventQueue();
  using other = new EventQueue();
  const [here, there] = socketPair();
  using _here = here;
  using _there = there;
  for (const queue of [one, other]) queue.register(here.fd, 7, Interest.READABLE, 'edge');
  there.write(bytes('once'));
  console.log(`a false wake-up: ${one.wait(events)} event in one queue, ${other.wait(events)} in the other`);
  console.log(`  the first reads ${here.read(new Uint8Array(64))} bytes`);
  const second = here.read(new Uint8Array(64));
  console.log(
    `  the second ${second === undefined ? 'would block, and goes back to waiting' : `reads ${second} bytes`}`,
  );
}
// #endregion

threeWaits('level');
threeWaits('edge');
threeWaits('oneshot');
falseWakeUp();
