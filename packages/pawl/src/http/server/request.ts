/**
 * ServerRequest: a request as a direct handler sees it.
 *
 * What must hold: it owns what it tells (the head's text), so it may be kept for ever; only its body belongs to the connection, until the
 * exchange is over.
 */
import type { SocketAddress } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { IncomingBody } from '../body.ts';
import type { Fields } from '../fields.ts';
import type { RequestHead } from '../wire/request-head.ts';

/**
 * A request, as a direct handler gets it.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { serve, get } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({ handler: (request) => `${request.method} ${request.path} ${request.query}` });
 *   const answer = yield* get(`${server.url}/a/b?c=d`);
 *   console.log(yield* answer.text()); // GET /a/b c=d
 * });
 * ```
 */
export class ServerRequest {
  /** @internal */
  readonly head: RequestHead;
  /** Its content. Empty when there is none. */
  readonly body: IncomingBody;
  /** Who asked. */
  readonly remoteAddress: SocketAddress;
  private readonly secure: boolean;
  private controller: AbortController | null = null;
  private ended: { readonly reason: unknown } | null = null;

  /** @internal */
  constructor(head: RequestHead, body: IncomingBody, remoteAddress: SocketAddress, secure: boolean) {
    this.head = head;
    this.body = body;
    this.remoteAddress = remoteAddress;
    this.secure = secure;
  }

  get method(): string {
    return this.head.method;
  }

  /** As the client sent it: a path with its query, an absolute URL, `host:port` (CONNECT) or `*` (OPTIONS). */
  get target(): string {
    return this.head.target;
  }

  /** The path of the target, undecoded, without the query: `/` at least, except for `*` and CONNECT. */
  get path(): string {
    const { target } = this;
    if (target.charCodeAt(0) !== 0x2f /* / */) return pathOfAbsolute(target);
    const end = target.indexOf('?');
    return end < 0 ? target : target.slice(0, end);
  }

  /** What follows the first `?` of the target, undecoded; empty when there is none. */
  get query(): string {
    const { target } = this;
    const at = target.indexOf('?');
    return at < 0 ? '' : target.slice(at + 1);
  }

  /** The whole URL, made of the target and the Host field. */
  get url(): string {
    const { target, head } = this;
    if (target.charCodeAt(0) === 0x2f || target === '*') return `${this.origin}${target === '*' ? '' : target}`;
    return head.method === 'CONNECT' ? `${this.secure ? 'https' : 'http'}://${target}` : target;
  }

  /** @internal */
  get origin(): string {
    return `${this.secure ? 'https' : 'http'}://${this.head.host ?? 'localhost'}`;
  }

  get headers(): Fields {
    return this.head.fields;
  }

  /** `'1.1'` or `'1.0'`. */
  get httpVersion(): string {
    return `1.${this.head.minor}`;
  }

  /** What a client that asked for another protocol named (RFC 9110, 7.8); null when it did not. */
  get upgrade(): string | null {
    return this.head.upgrade;
  }

  /**
   * Aborted when nobody waits for the answer any more: the client has gone, the time was up, or the server ends. For handlers that are
   * promises, and what they call; a future is cancelled without it. Made when it is first asked for.
   */
  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.ended !== null) this.controller.abort(this.ended.reason);
    }
    return this.controller.signal;
  }

  /** @internal For the Request that stands for it. */
  toSignal(): AbortSignal {
    return this.signal;
  }

  /** @internal Nobody waits for the answer. */
  abandon(reason: unknown): void {
    this.ended ??= { reason };
    this.controller?.abort(reason);
  }
}

function pathOfAbsolute(target: string): string {
  const scheme = target.indexOf('://');
  if (scheme < 0) return target;
  const authorityEnd = target.indexOf('/', scheme + 3);
  const query = target.indexOf('?', scheme + 3);
  if (authorityEnd < 0 || (query >= 0 && query < authorityEnd)) return '/';
  return query < 0 ? target.slice(authorityEnd) : target.slice(authorityEnd, query);
}

/** The client has gone before the answer was complete. */
export function clientGone(cause?: unknown): PawlError {
  return new PawlError('CLIENT_GONE', 'the client went away before the answer was complete', { cause });
}
