/**
 * Client: requests over a pool of connections of its own; and the functions that use the thread's own.
 */
import type { Future } from '../../future/future.ts';
import { Call } from './call.ts';
import { type Core, coreOf } from './core.ts';
import { fetchOver } from './fetch.ts';
import type { ClientOptions, RequestOptions } from './options.ts';
import { Plan } from './plan.ts';
import type { ClientResponse } from './response.ts';
import { Target } from './target.ts';

/**
 * A client with connections of its own. Most programs need none: {@link get}, {@link request} and {@link fetch} share one for each thread.
 * Close it, or declare it with `using`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { Client, serve } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({ handler: (request) => request.method });
 *   using client = new Client({ connections: 4, headTimeout: 5000 });
 *   const response = yield* client.request(server.url, { method: 'PUT', body: 'tea' });
 *   console.log(yield* response.text()); // PUT
 *   yield* server.close();
 * });
 * ```
 */
export class Client implements Disposable {
  private readonly core: Core;

  /** Errors: BAD_ARGUMENT; BAD_URL for a proxy's. */
  constructor(options: ClientOptions = {}) {
    this.core = coreOf(options);
  }

  /** As {@link get}, over this client's connections. Error, besides: CLOSED. */
  get(url: string | URL, options?: Omit<RequestOptions, 'method' | 'body'>): Future<ClientResponse> {
    return this.request(url, options);
  }

  /** As {@link request}, over this client's connections. Error, besides: CLOSED. */
  request(url: string | URL, options?: RequestOptions): Future<ClientResponse> {
    return new Call(this.core, Target.of(url), options === undefined ? Plan.plain : Plan.of(options));
  }

  /** As {@link fetch}, over this client's connections. Error, besides: a TypeError with the cause CLOSED. */
  fetch(input: string | URL | Request, init?: RequestInit): Future<Response> {
    return fetchOver(this.core, input, init);
  }

  /** How many connections there are, and how many of them are idle; and how many requests wait for one. */
  get connections(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    const { open, idle, waiting } = this.core.pool.counts;
    return { open, idle, waiting };
  }

  /** Closes its connections. Requests that are under way, or begin later, fail with CLOSED. Idempotent. */
  close(): void {
    this.core.pool.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Makes a GET request: the future is done when the head of the response is there. As {@link request}, without a body.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { get, serve } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({ handler: () => 'tea' });
 *   const response = yield* get(server.url);
 *   console.log(response.status, yield* response.text()); // 200 tea
 *   yield* server.close();
 * });
 * ```
 */
export function get(url: string | URL, options?: Omit<RequestOptions, 'method' | 'body'>): Future<ClientResponse> {
  return request(url, options);
}

/**
 * Makes a request, over a connection of the thread's own pool: the future is done when the head of the response is there. It follows
 * redirects, decompresses content, and goes through a proxy where the environment names one. A status of 400 or more is no error.
 *
 * Cancelling it stops the request and closes its connection; while it waits for one, it *loses its place*. The server may have done what it
 * was asked for (*loses data*): that is known only from a response.
 *
 * Errors: BAD_URL, BAD_ARGUMENT and HTTP_BAD_FIELD at once; those of connecting (ECONNREFUSED, ENOTFOUND, …); TIMEOUT; ECONNRESET, EPIPE or
 * UNEXPECTED_EOF when the server goes away; HTTP_SYNTAX, HTTP_FRAMING and other codes of {@link HttpError} when its answer is none;
 * TOO_MANY_REDIRECTS, REDIRECT_REFUSED, BODY_NOT_REPLAYABLE; the signal's reason; what the content's source throws.
 *
 * @example
 * ```ts
 * import { PawlError, run } from 'pawl';
 * import { request, serve } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({
 *     *handler(call) {
 *       return { status: 201, body: `${yield* call.body.text()}, please` };
 *     },
 *   });
 *   const response = yield* request(server.url, { method: 'POST', body: 'tea', timeout: 1000 });
 *   console.log(response.status, yield* response.text()); // 201 tea, please
 *   yield* server.close();
 *   try {
 *     yield* request(server.url);
 *   } catch (error) {
 *     console.log(error instanceof PawlError && error.code); // ECONNREFUSED
 *   }
 * });
 * ```
 */
export function request(url: string | URL, options?: RequestOptions): Future<ClientResponse> {
  return new Call(null, Target.of(url), options === undefined ? Plan.plain : Plan.of(options));
}
