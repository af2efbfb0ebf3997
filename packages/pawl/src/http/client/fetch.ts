/** fetch: as the Fetch standard has it, for HTTP and HTTPS. */
import type { Context } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type Asked, askedOf, peek, planOf } from './asked.ts';
import { Call } from './call.ts';
import type { Content } from './content.ts';
import type { Core } from './core.ts';
import { FetchedResponse, networkError } from './fetched.ts';
import type { ClientResponse } from './response.ts';

class Fetch extends Future<Response> {
  private readonly core: Core | null;
  private readonly asked: Asked | null;
  /** What was wrong with what was asked. */
  private readonly refused: unknown;
  private peeking: Future<Content> | null = null;
  private call: Future<ClientResponse> | null = null;
  private done = false;

  constructor(core: Core | null, asked: Asked | null, refused: unknown) {
    super();
    this.core = core;
    this.asked = asked;
    this.refused = refused;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.call ?? this.peeking;
  }

  override poll(cx: Context): Poll<Response> {
    if (this.done) throw alreadyCompleted('fetch');
    const { asked } = this;
    if (asked === null) {
      this.done = true;
      throw this.refused;
    }
    let response: Poll<Response>;
    try {
      response = this.step(cx, asked);
    } catch (error) {
      this.done = true;
      throw networkError(error, asked.signal);
    }
    if (response !== PENDING) this.done = true;
    return response;
  }

  private step(cx: Context, asked: Asked): Poll<Response> {
    if (this.call === null) {
      let content: Content | null = null;
      if (asked.stream !== null) {
        this.peeking ??= peek(asked.stream);
        const seen = this.peeking.poll(cx);
        if (seen === PENDING) return PENDING;
        content = seen;
      }
      this.peeking = null;
      this.call = new Call(this.core, asked.target, planOf(asked, content));
    }
    const response = this.call.poll(cx);
    return response === PENDING ? PENDING : new FetchedResponse(response, asked.signal);
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    return this.call === null ? this.peeking?.cancel(cx) : this.call.cancel(cx);
  }
}

/** @internal */
export function fetchOver(core: Core | null, input: string | URL | Request, init?: RequestInit): Future<Response> {
  try {
    return new Fetch(core, askedOf(input, init), null);
  } catch (error) {
    return new Fetch(core, null, error);
  }
}

/**
 * Fetches, as the Fetch standard has it: the same arguments, the same Response, redirects, errors; over a connection of the thread's own
 * pool. It is a future: await it with `yield*` or with `await`; unlike the platform's it does nothing before that.
 *
 * Cancelling it stops the request, as by its signal. Errors: a TypeError for what cannot be asked, and for every failure of the network, with a
 * {@link PawlError} as its cause; the signal's reason. Only `http:` and `https:` are fetched, and `integrity` is refused; `mode`, `credentials`,
 * `cache` and `referrer` mean nothing outside a browser, and are passed over.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { fetch, serve } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({ fetch: () => Response.json({ tea: 'green' }) });
 *   const response = yield* fetch(server.url);
 *   console.log(response.ok, response.headers.get('content-type')); // true application/json
 *   yield* server.close();
 * });
 * ```
 */
export function fetch(input: string | URL | Request, init?: RequestInit): Future<Response> {
  return fetchOver(null, input, init);
}
