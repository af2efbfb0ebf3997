/**
 * `pawl serve`: a module's fetch handler as an HTTP server.
 *
 * What must hold: SIGINT and SIGTERM stop it without losing a request: it accepts no more, answers what is under way within the deadline,
 * cancels the rest, and only then ends.
 */
import { coroutine, race, type Steps } from '../index.ts';
import { aborted } from '../node/abort.ts';
import { type FetchOptions, serve } from '../http/index.ts';
import { loadHandler, print } from './handler.ts';
import { runMain } from './run.ts';
import type { ServeCommandOptions } from './serve-options.ts';

/** Serves until a signal comes, and sets the exit code. */
export function serveProgram(file: string, args: readonly string[], options: ServeCommandOptions): Promise<void> {
  return runMain(
    async () => {
      if (options.threads > 1) {
        const { servingOnThreads } = await import('./serve-threads.ts');
        return (stop) => servingOnThreads(file, args, options, stop);
      }
      const handler = await loadHandler(file, args);
      return (stop) => serving(handler, options, stop);
    },
    // Cancelled, main would cancel its requests.
    { endsItself: true },
  );
}

const serving = coroutine(function* serving(
  handler: FetchOptions,
  { port, host, log, deadline }: ServeCommandOptions,
  stop: AbortSignal,
): Steps<void> {
  const server = yield* serve({ ...handler, port, host, ...(log ? { onExchange: print } : {}) });
  process.stdout.write(`listening on ${server.url}\n`);
  yield* race([server.closed, aborted(stop)]);
  yield* server.close({ deadline });
});
