/** ClientResponse: what a server has answered. */
import type { Future } from '../../future/future.ts';
import { type BodyOptions, type BodySource, IncomingBody } from '../body.ts';
import type { Fields } from '../fields.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import type { Target } from './target.ts';

/**
 * A response: its head, and its content as far as somebody reads it. Until the content has been read to its end it has a connection of its
 * own; read it, or `discard` it, or declare the response with `using`.
 *
 * @example
 * ```ts
 * import { run } from 'pawl';
 * import { get, serve } from 'pawl/http';
 * await run(function* () {
 *   const server = yield* serve({ handler: () => ({ headers: { 'X-Kind': 'green' }, body: 'tea' }) });
 *   using response = yield* get(server.url);
 *   console.log(response.status, response.headers.get('x-kind'), yield* response.text()); // 200 green tea
 *   yield* server.close();
 * });
 * ```
 */
export class ClientResponse implements Disposable {
  /** How many redirects led here. */
  readonly redirects: number;
  /** @internal One of them led to another origin. */
  readonly crossed: boolean;
  private readonly head: ResponseHead;
  private readonly target: Target;
  private readonly source: BodySource | null;
  private content: IncomingBody | null = null;

  /** @internal */
  constructor(head: ResponseHead, source: BodySource | null, target: Target, redirects: number, crossed: boolean) {
    this.head = head;
    this.source = source;
    this.target = target;
    this.redirects = redirects;
    this.crossed = crossed;
  }

  /** 200 to 999. */
  get status(): number {
    return this.head.status;
  }

  /** Whether the status is one of success: 200 to 299. */
  get ok(): boolean {
    return this.head.status < 300;
  }

  /** The phrase behind the status; may be empty. */
  get reason(): string {
    return this.head.reason;
  }

  get headers(): Fields {
    return this.head.fields;
  }

  /** Where it came from, after redirects. */
  get url(): string {
    return `${this.target.href}${this.target.fragment}`;
  }

  get redirected(): boolean {
    return this.redirects > 0;
  }

  /** Its content, decompressed; read it once. */
  get body(): IncomingBody {
    return (this.content ??= this.source === null ? IncomingBody.empty : new IncomingBody(this.source));
  }

  /** The fields that came behind the content, once it has been read to its end; null if there were none. */
  get trailers(): Fields | null {
    return this.body.trailers;
  }

  /** All of the content; see {@link IncomingBody.bytes}. */
  bytes(options?: BodyOptions): Future<Uint8Array> {
    return this.body.bytes(options);
  }

  /** All of the content as text in UTF-8; see {@link IncomingBody.text}. */
  text(options?: BodyOptions): Future<string> {
    return this.body.text(options);
  }

  /** All of the content as JSON; see {@link IncomingBody.json}. */
  json<T = unknown>(options?: BodyOptions): Future<T> {
    return this.body.json<T>(options);
  }

  /** @internal The content, for whoever reads it in its stead. */
  takeSource(): BodySource | null {
    return this.source;
  }

  /** Nobody wants the content, or what is left of it: the connection is used again if all of it has come, else closed. Harmless at the end. */
  discard(): void {
    if (this.source !== null) this.body.discard();
  }

  /** As {@link discard}. */
  [Symbol.dispose](): void {
    this.discard();
  }
}
