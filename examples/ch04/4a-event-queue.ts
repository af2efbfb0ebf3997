/** An event queue in small, on three system calls: five requests at once on a thread that sleeps in it. */
import { served } from '../ladder/served.ts';
import { fiveRequests } from './five-requests.ts';
import { MiniQueue } from './mini-queue.ts';

await served((server) => {
  using queue = new MiniQueue();
  fiveRequests(server, queue);
});
