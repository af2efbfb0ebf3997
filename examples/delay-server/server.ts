/**
 * A server that is slow on purpose: `GET /DELAY_MS/MESSAGE` answers MESSAGE after that delay. It logs each request as
 * `#N - DELAYms: MESSAGE`, and whose client has gone before its answer was due.
 *
 * What must hold: one whose client has gone stops waiting at once. A client that has sent its FIN counts as gone.
 */
import { coroutine, sleep } from 'pawl';
import { serve } from 'pawl/http';
import { parse } from './request.ts';

export type Log = (line: string) => void;

/** Listens on a port of the loopback interface; 0 lets the system choose. Ends with the scope around, or by its `close`. */
export const delayServer = coroutine(function* delayServer(log: Log, port: number = 0) {
  let count = 0;
  return yield* serve({
    port,
    halfClose: false,
    *handler({ method, target }) {
      const id = ++count;
      const asked = parse(method, target);
      if ('status' in asked) {
        const { status, reason } = asked;
        log(`#${id} - refused with ${status}: ${reason}`);
        return { status, body: reason, headers: status === 405 ? { Allow: 'GET' } : {} };
      }
      log(`#${id} - ${asked.delay}ms: ${asked.message}`);
      let due = false;
      try {
        yield* sleep(asked.delay);
        due = true;
        return asked.message;
      } finally {
        if (!due) log(`#${id} - the client has closed the connection: nothing left to do`);
      }
    },
  });
});
