/**
 * A runtime without wakers: when nothing is ready it sleeps in the event queue, and after each event it asks everybody again.
 *
 * What must hold: a leaf that says NOT_READY has registered what it waits for with the queue.
 */
import { EventQueue, Events, Interest } from 'pawl/queue';
import { NOT_READY, type NotReady, type SmallFuture } from '../ch07/future.ts';
import { bodyOf, requestFor } from '../ladder/http.ts';
import { type Host, RawSocket } from '../ladder/raw-socket.ts';

// #region runtime
export class PollingRuntime implements Disposable {
  readonly queue = new EventQueue();
  readonly #events = new Events(16);
  wakeUps = 0;
  leafPolls = 0;

  blockOn<T>(future: SmallFuture<T>): T {
    for (;;) {
      const value = future.poll();
      if (value !== NOT_READY) return value;
      console.log('NotReady: sleep in the event queue');
      this.queue.wait(this.#events);
      this.wakeUps++; // something has happened; nobody knows to whom
    }
  }

  [Symbol.dispose](): void {
    this.queue.close();
  }
}
// #endregion

// #region leaf
export class PolledGet implements SmallFuture<string> {
  readonly #runtime: PollingRuntime;
  readonly #server: Host;
  readonly #path: string;
  #socket: RawSocket | undefined;

  constructor(runtime: PollingRuntime, server: Host, path: string) {
    this.#runtime = runtime;
    this.#server = server;
    this.#path = path;
  }

  poll(): string | NotReady {
    this.#runtime.leafPolls++;
    if (this.#socket === undefined) {
      this.#socket = RawSocket.connect(this.#server);
      this.#socket.send(requestFor(this.#path));
      this.#runtime.queue.register(this.#socket.fd, 0, Interest.READABLE);
    }
    const answer = this.#socket.tryRecv();
    if (answer === undefined) return NOT_READY;
    this.#runtime.queue.deregister(this.#socket.fd);
    this.#socket[Symbol.dispose]();
    return bodyOf(answer);
  }
}
// #endregion
