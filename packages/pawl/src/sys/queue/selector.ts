/** The one place where a back end is chosen. `index.ts` says what it must export. */
import { Epoll } from './epoll.ts';
import { Eventfd } from './eventfd.ts';

/** The operating system's event queue. */
export { Epoll as Selector };

/** What another thread writes to, to wake it. */
export { Eventfd as WakeSource };
