/**
 * What a `fetch` has got: a Response as the Fetch standard has it ("basic filtered response"), over a response of ours.
 *
 * What must hold: its headers cannot be changed. Its body fails with a TypeError, whose cause is what went wrong, or with the signal's reason.
 */
import type { Context } from '../../future/context.ts';
import type { Poll } from '../../future/poll.ts';
import { type BodySource, IncomingBody } from '../body.ts';
import { headerListOf, headersOfList, type LightHeaders } from '../fetch/headers.ts';
import { LightResponse } from '../fetch/response.ts';
import type { Fields } from '../fields.ts';
import type { ClientResponse } from './response.ts';

/** What a Response made by a program does not have. */
interface Origin {
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly type: 'basic' | 'cors';
}

const origins = new WeakMap<object, Origin>();
const headers = new WeakMap<object, LightHeaders>();

export class FetchedResponse extends LightResponse {
  constructor(response: ClientResponse, signal: AbortSignal | null) {
    const { status, url, redirected } = response;
    const source = response.takeSource();
    const body = source === null ? null : new IncomingBody(new FetchedBody(source, signal));
    // A status that no program could give; its getter tells.
    const odd = status > 599;
    super(body as unknown as ReadableStream | null, {
      status: odd ? 599 : status,
      statusText: response.reason,
      headers: [...response.headers] as [string, string][],
    });
    origins.set(this, { url: url.replace(/#.*/, ''), redirected, status, type: response.crossed ? 'cors' : 'basic' });
  }

  static {
    Object.defineProperty(this, 'name', { value: 'Response' });
  }

  override get type(): 'default' {
    // The type of LightResponse's getter knows no other.
    return (origins.get(this) as Origin).type as 'default';
  }

  override get url(): string {
    return (origins.get(this) as Origin).url;
  }

  override get redirected(): boolean {
    return (origins.get(this) as Origin).redirected;
  }

  override get status(): number {
    return (origins.get(this) as Origin).status;
  }

  override get ok(): boolean {
    return this.status < 300;
  }

  override get headers(): LightHeaders {
    let own = headers.get(this);
    if (own === undefined) {
      own = headersOfList(headerListOf(super.headers), true);
      headers.set(this, own);
    }
    return own;
  }

  override clone(): LightResponse {
    const clone = super.clone();
    Object.setPrototypeOf(clone, FetchedResponse.prototype);
    origins.set(clone, origins.get(this) as Origin);
    return clone;
  }
}

/** The source, with the errors that the standard wants. */
class FetchedBody implements BodySource {
  private readonly source: BodySource;
  private readonly signal: AbortSignal | null;

  constructor(source: BodySource, signal: AbortSignal | null) {
    this.source = source;
    this.signal = signal;
  }

  get trailers(): Fields | null {
    return this.source.trailers;
  }

  get length(): number {
    return this.source.length;
  }

  pollBody(cx: Context, target: Uint8Array): Poll<number> {
    try {
      return this.source.pollBody(cx, target);
    } catch (error) {
      throw networkError(error, this.signal);
    }
  }

  forgetBody(): void {
    this.source.forgetBody();
  }

  discardBody(): void {
    this.source.discardBody();
  }
}

/** What a failed fetch rejects with. */
export function networkError(error: unknown, signal: AbortSignal | null): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof TypeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TypeError(`fetch failed: ${message}`, { cause: error });
}
