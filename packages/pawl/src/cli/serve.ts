/**
 * `pawl serve`: a module's fetch handler as an HTTP server.
 *
 * What must hold: SIGINT and SIGTERM stop it without losing a request: it accepts no more, answers what is under way within the deadline,
 * cancels the rest, and only then ends.
 */
import { coroutine, race, type Steps } from '../index.ts';
import { aborted } from '../node/abort.ts';
import { type Exchange, type FetchOptions, serve } from '../http/index.ts';
import { importProgram, ProgramError } from './program.ts';
import { runMain } from './run.ts';
import type { ServeCommandOptions } from './serve-options.ts';

const WHAT_TO_WRITE = `Write, for example:

  export const fetch = (request: Request) => new Response(\`hello from \${request.url}\\n\`);
`;

/** Serves until a signal comes, and sets the exit code. */
export function serveProgram(file: string, args: readonly string[], options: ServeCommandOptions): Promise<void> {
  return runMain(
    async () => {
      const fetch = await loadHandler(file, args);
      return (stop) => serving(fetch, options, stop);
    },
    // Cancelled, main would cancel its requests.
    { endsItself: true },
  );
}

const serving = coroutine(function* serving(
  fetch: FetchOptions['fetch'],
  { port, host, log, deadline }: ServeCommandOptions,
  stop: AbortSignal,
): Steps<void> {
  const server = yield* serve({ port, host, fetch, ...(log ? { onExchange: print } : {}) });
  process.stdout.write(`listening on ${server.url}\n`);
  yield* race([server.closed, aborted(stop)]);
  yield* server.close({ deadline });
});

function print({ method, target, status, bytes, duration, complete }: Exchange): void {
  const end = complete ? '' : ' (broken off)';
  process.stdout.write(
    `${new Date().toISOString()} ${method} ${target} ${status} ${bytes} B ${duration.toFixed(1)} ms${end}\n`,
  );
}

async function loadHandler(file: string, args: readonly string[]): Promise<FetchOptions['fetch']> {
  const { fetch, default: whole } = await importProgram(file, args);
  if (typeof fetch === 'function') return fetch as FetchOptions['fetch'];
  const within: unknown = typeof whole === 'object' && whole !== null && 'fetch' in whole ? whole.fetch : undefined;
  // Bound: an application may be an object with methods.
  if (typeof within === 'function') return (...given) => Reflect.apply(within, whole, given) as Response;
  throw new ProgramError(`${file} exports no function \`fetch\`, nor a default export that has one. ${WHAT_TO_WRITE}`);
}
