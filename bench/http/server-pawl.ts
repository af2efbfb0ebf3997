/** The server over pawl/http: `direct`, whose handler answers itself, or `hono`, the Hono application that the peers serve, unchanged. */
import { run } from 'pawl';
import { serve } from 'pawl/http';

interface Application {
  readonly app: { readonly fetch: (request: Request) => Response | Promise<Response> };
}

// Longer than the connections of the suite are left idle.
const timeouts = { idle: 60_000, head: 60_000 };
const answering =
  process.argv[2] === 'hono'
    ? { fetch: ((await import(new URL('peers/app.js', import.meta.url).href)) as Application).app.fetch }
    : { handler: () => 'Hello, World!' };

// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();

await run(function* () {
  const server = yield* serve({ port: 0, timeouts, ...answering });
  console.log(server.port);
  yield* server.closed;
});
