/** The same socket read in three ways: blocking, non-blocking, by an event queue. */
import { EventQueue, Events, Interest } from 'pawl/queue';
import { bodyOf, requestFor } from '../ladder/http.ts';
import { paced } from '../ladder/pace.ts';
import { RawSocket } from '../ladder/raw-socket.ts';
import { served } from '../ladder/served.ts';

const nap = new Int32Array(new SharedArrayBuffer(4));
const DELAY = paced(600);

// #region blocking
function blocking(socket: RawSocket): void {
  console.log('blocking: the call returns when the answer is there');
  console.log(`  ${bodyOf(socket.recv())}; until then the thread could do nothing else`);
}
// #endregion

// #region non-blocking
function nonBlocking(socket: RawSocket): void {
  console.log('non-blocking: the call returns at once');
  for (;;) {
    const answer = socket.tryRecv();
    if (answer !== undefined) {
      console.log(`  ${bodyOf(answer)}`);
      return;
    }
    console.log('  nothing yet: do something else, and ask again');
    Atomics.wait(nap, 0, 0, paced(150));
  }
}
// #endregion

// #region event-queue
function byEventQueue(socket: RawSocket): void {
  console.log('event queue:');
  console.log('  1. create the queue');
  using queue = new EventQueue();
  console.log('  2. get the descriptor of what is to be watched');
  const { fd } = socket;
  console.log('  3. register the interest: when it can be read, tell us with token 42');
  queue.register(fd, 42, Interest.READABLE);
  console.log('  4. wait: the thread sleeps until something has happened');
  const events = new Events(16);
  queue.wait(events);
  console.log(`  5. act: token ${events.token(0)} can be read, and the read does not block`);
  console.log(`  ${bodyOf(socket.recv())}`);
}
// #endregion

await served((server) => {
  for (const read of [blocking, nonBlocking, byEventQueue]) {
    using socket = RawSocket.connect(server);
    socket.send(requestFor(`/${DELAY}/hello`));
    read(socket);
  }
});
