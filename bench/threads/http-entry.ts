/** One thread's part of the HTTP server in Pawl. */
import { coroutine, type Future } from 'pawl';
import { serve } from 'pawl/http';
import type { ThreadOneshotSender } from 'pawl/threads';
import { compute } from './measures.ts';

export const listen: (port: number, told: ThreadOneshotSender<number>) => Future<void> = coroutine(function* (
  port: number,
  told: ThreadOneshotSender<number>,
) {
  const handler = ({ target }: { readonly target: string }): string =>
    target === '/compute' ? compute() : 'Hello, World!';
  const server = yield* serve({ port, reusePort: true, handler });
  told.send(server.port);
  yield* server.closed;
});
