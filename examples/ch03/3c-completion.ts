/** A completion queue, io_uring: the kernel is told to read, and tells when it has. */
import { PawlError } from 'pawl';
import { arena } from '../../packages/pawl/src/sys/arena.ts';
import { bodyOf, requestFor } from '../ladder/http.ts';
import { paced } from '../ladder/pace.ts';
import { RawSocket } from '../ladder/raw-socket.ts';
import { served } from '../ladder/served.ts';
import { cannotShow } from '../ladder/unshown.ts';
import { Ring } from './ring.ts';

/** The ring, or why there is none: containers often forbid it. */
function create(): Ring {
  try {
    return new Ring();
  } catch (error) {
    if (error instanceof PawlError && error.syscall === 'io_uring_setup') cannotShow(`${error.message} (io_uring)`);
    throw error;
  }
}

await served((server) => {
  // #region steps
  console.log('1. create the queue: two rings, shared with the kernel');
  using ring = create();
  console.log('2. get the descriptor');
  using socket = RawSocket.connect(server);
  socket.send(requestFor(`/${paced(600)}/hello`));
  console.log('3. submit the operation itself, with the memory to read into, and token 42');
  const buffer = arena.take(4096);
  ring.submitRead(socket.fd, buffer, 42);
  console.log('4. wait: the thread sleeps until the operation is done');
  const { token, result } = ring.wait();
  console.log(
    `5. act: token ${token} is done, and its ${result > 0 ? 'bytes are in our memory' : `error is ${result}`}`,
  );
  console.log(bodyOf(new TextDecoder().decode(buffer.bytes.slice(0, result))));
  arena.release(buffer);
  // #endregion
});
