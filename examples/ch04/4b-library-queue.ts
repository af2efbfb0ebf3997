/** The same five requests over the library's public event queue. */
import { EventQueue, Events, Interest, type QueueEvent } from 'pawl/queue';
import { served } from '../ladder/served.ts';
import { fiveRequests, type Happened, type Queue } from './five-requests.ts';

// #region adapt
class LibraryQueue implements Queue {
  readonly #queue = new EventQueue();
  readonly #events = new Events(16);

  register(fd: number, token: number): void {
    this.#queue.register(fd, token, Interest.READABLE);
  }

  deregister(fd: number): void {
    this.#queue.deregister(fd);
  }

  wait(): Happened[] {
    this.#queue.wait(this.#events);
    return [...this.#events].map((event) => ({ token: event.token, flags: names(event) }));
  }

  [Symbol.dispose](): void {
    this.#queue.close();
  }
}
// #endregion

/** What the event says, in words that are the same on every system. */
function names(event: QueueEvent): string {
  const said = (['readable', 'writable', 'priority', 'error', 'readClosed', 'writeClosed'] as const).filter(
    (name) => event[name],
  );
  return said.join(' | ');
}

await served((server) => {
  using queue = new LibraryQueue();
  fiveRequests(server, queue);
});
