/** serve: starts a server, with a handler of one of the two forms. */
import { AsyncResource } from 'node:async_hooks';
import { type Driver, driverOf } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { coroutine, start, type Steps } from '../../future/coroutine.ts';
import { Future } from '../../future/future.ts';
import type { Poll } from '../../future/poll.ts';
import { IncomingBody } from '../body.ts';
import { inAsyncContext } from './handled.ts';
import { installGlobals } from '../fetch/globals.ts';
import { LazyRequest } from '../fetch/request.ts';
import { TcpListener } from '../../net/listener.ts';
import { TlsListener } from '../../net/tls/listener.ts';
import type { Runtime } from '../../task/runtime.ts';
import type { Task } from '../../task/task.ts';
// Its first user is often ordinary async code, which imports nothing else.
import '../../task/ambient.ts';
import { spawn, spawnDetached } from '../../task/spawn.ts';
import { type Handled, type ServerOptions, settingsOf } from './options.ts';
import type { ServerRequest } from './request.ts';
import { type Listener, Server } from './server.ts';

/** A server whose handler builds no Request and no Response: the fastest form. */
export interface DirectOptions extends ServerOptions {
  /** Answers a request: with text, bytes, or `{ status, headers, body }`; at once, as a future or a generator, or as a promise. */
  readonly handler: (request: ServerRequest) => Handled;
}

/** What a fetch handler gives. */
export type Fetched = Response | Future<Response> | PromiseLike<Response> | Steps<Response>;

/** A server whose handler takes a Request and gives a Response, as those of Bun, Deno, Hono and the service workers do. */
export interface FetchOptions extends ServerOptions {
  /**
   * Answers a request; at once, as a promise, a future or a generator. The Request costs nearly nothing until it is looked at, and keeps
   * what it says for ever. The second argument is the request as direct handlers have it (with the client's address).
   */
  readonly fetch: (request: Request, info: ServerRequest) => Fetched;
  /**
   * Whether `Response`, `Headers`, `Request` and `fetch` are exchanged for light ones of the same behaviour while the server runs
   * (see {@link installGlobals}). Without them each Response costs some microseconds. Default true.
   */
  readonly globals?: boolean;
}

/** The driver of the poll, for a coroutine. */
class CurrentDriver extends Future<Driver> {
  override poll(cx: Context): Poll<Driver> {
    return driverOf(cx);
  }
}

/** Begins a task at once: one that is aborted before its first poll would never close what it was given. */
class Begun extends Future<void> {
  private readonly task: Task<void>;

  constructor(task: Task<void>) {
    super();
    this.task = task;
  }

  override poll(cx: Context): Poll<void> {
    (cx.runtime as Runtime).enter(this.task);
    return undefined;
  }
}

const serving = coroutine(function* serve(
  options: DirectOptions | FetchOptions,
  base: AsyncResource | null,
  detached: boolean,
): Steps<Server> {
  const settings = settingsOf(options);
  const { tls } = options;
  const listener: Listener = yield* tls === undefined
    ? TcpListener.bind(settings.address, { ...options, noDelay: true })
    : TlsListener.bind(settings.address, { ...options, ...tls, alpn: ['http/1.1'] });
  const direct = 'handler' in options;
  const plain = direct ? options.handler : overFetch(options, listener);
  const handler = base === null ? plain : inAsyncContext(plain, base);
  const server = new Server(listener, yield* new CurrentDriver(), settings, handler, direct, options);
  const globals = direct || options.globals === false ? null : installGlobals();
  const main = start(function* (): Steps<void> {
    using _globals = globals;
    yield* server.main();
  });
  const task = (detached ? spawnDetached : spawn)(main, { name: `server ${server.url}`, daemon: true });
  server.task = task;
  yield* new Begun(task as Task<void>);
  return server;
});

/** A fetch handler as a direct one: its Response is looked at when it is written. */
function overFetch({ fetch, tls }: FetchOptions, listener: Listener): DirectOptions['handler'] {
  const { host, port, family } = listener.localAddress;
  const site = {
    scheme: tls === undefined ? 'http' : 'https',
    authority: `${family === 6 ? `[${host}]` : host}:${port}`,
  } as const;
  return (request) => {
    const { head, body } = request;
    // The connection knows that what this gives is a Response.
    return fetch(new LazyRequest(head, body === IncomingBody.empty ? null : body, site, request), request);
  };
}

class Serving extends Future<Server> {
  private readonly options: DirectOptions | FetchOptions;
  /** Of whoever has called `serve`: that may be long before it is polled, and elsewhere. */
  private readonly base: AsyncResource | null;
  private detached = false;
  private inner: Future<Server> | null = null;

  constructor(options: DirectOptions | FetchOptions) {
    super();
    this.options = options;
    this.base = options.asyncContext === true ? new AsyncResource('pawl.Server') : null;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.inner;
  }

  override poll(cx: Context): Poll<Server> {
    return (this.inner ??= serving(this.options, this.base, this.detached)).poll(cx);
  }

  override cancel(cx: Context): Poll<void> {
    return this.inner?.cancel(cx);
  }

  /** In ordinary async code there is no scope for the server to belong to: it lives until it is closed. */
  // oxlint-disable-next-line unicorn/no-thenable -- a future is a PromiseLike by design
  override then<A = Server, B = never>(
    onFulfilled?: ((value: Server) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.detached = true;
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * Starts an HTTP/1.1 server: the future is done when it listens, and gives the {@link Server}.
 *
 * Awaited in a coroutine, the server is a daemon of the scope around: it ends with it, and `yield* server.closed` waits for as long as it
 * runs. Awaited in ordinary async code, it lives on until it is closed.
 *
 * Cancelling it is *safe*: nothing listens then. Errors: BAD_ARGUMENT, BAD_PORT at once; EADDRINUSE and the system's others.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { get, serve } from 'pawl/http';
 * await run(function* () {
 *   // Or `fetch: (request) => new Response(…)`, as in Hono's `serve({ fetch: app.fetch })`.
 *   const server = yield* serve({ port: 0, handler: (request) => `you asked for ${request.path}` });
 *   const answer = yield* get(`${server.url}/tea`);
 *   console.log(yield* answer.text()); // you asked for /tea
 *   yield* server.close();
 * });
 * ```
 */
export function serve(options: DirectOptions | FetchOptions): Future<Server> {
  settingsOf(options);
  const { handler, fetch } = options as Partial<DirectOptions & FetchOptions>;
  if ((typeof handler === 'function') === (typeof fetch === 'function')) {
    throw new PawlError(
      'BAD_ARGUMENT',
      `serve takes one handler: either \`fetch\` (Request to Response) or \`handler\` (the direct form), got ${handler === undefined && fetch === undefined ? 'neither' : 'both, or one that is no function'}`,
    );
  }
  return new Serving(options);
}
