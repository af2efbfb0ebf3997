/** Five requests at once on one thread that sleeps in an event queue: what the rungs 4a and 4b have in common. */
import { bodyOf, requestFor } from '../ladder/http.ts';
import { paced } from '../ladder/pace.ts';
import { type Host, RawSocket } from '../ladder/raw-socket.ts';

/** As much of an event queue as this needs. */
export interface Queue extends Disposable {
  register(fd: number, token: number): void;
  deregister(fd: number): void;
  wait(): Happened[];
}

export interface Happened {
  readonly token: number;
  readonly flags: string;
}

export function fiveRequests(server: Host, queue: Queue): void {
  // #region send
  const sockets = new Map<number, RawSocket>();
  for (const token of [0, 1, 2, 3, 4]) {
    const delay = paced((5 - token) * 1000);
    const socket = RawSocket.connect(server);
    socket.send(requestFor(`/${delay}/request-${token}`));
    queue.register(socket.fd, token);
    sockets.set(token, socket);
    console.log(`sent request ${token}, to be answered after ${delay} ms`);
  }
  // #endregion

  // #region loop
  while (sockets.size > 0) {
    for (const { token, flags } of queue.wait()) {
      const socket = sockets.get(token);
      const answer = socket?.tryRecv();
      if (socket === undefined || answer === undefined) continue; // a false wake-up: nothing to read after all
      console.log(`event: token ${token}, ${flags}: "${bodyOf(answer)}"`);
      queue.deregister(socket.fd);
      socket[Symbol.dispose]();
      sockets.delete(token);
    }
  }
  // #endregion
  console.log('all five are answered');
}
