/**
 * RequestHead: a request without its content. It owns its text and may be kept for ever.
 *
 * What must hold: nothing in it refers to the buffer that it was parsed from. Strings that few handlers ask for are cut from the text
 * when they are asked for.
 */
import { Fields } from '../fields.ts';

/** The end of the request line behind the target: ` HTTP/1.1` and CRLF. */
const VERSION_LENGTH = 11;

export class RequestHead {
  readonly method: string;
  /** 0 for HTTP/1.0; 1 for HTTP/1.1 and what HTTP/1.x comes after it (RFC 9110 2.5). */
  readonly minor: 0 | 1;
  /** Content-Length, -1 if there is none. */
  readonly contentLength: number;
  /** The content comes in chunks (RFC 9112 7.1). */
  readonly chunked: boolean;
  /** By version and Connection (RFC 9112 9.3). */
  readonly keepAlive: boolean;
  /** `Expect: 100-continue`, in HTTP/1.1 (RFC 9110 10.1.1). */
  readonly expectContinue: boolean;
  private readonly upgrades: boolean;
  /** The whole head, from the method on. */
  private readonly text: string;
  private readonly targetEnd: number;
  private ownTarget: string | null = null;
  private ownFields: Fields | null = null;

  constructor(
    text: string,
    method: string,
    targetEnd: number,
    minor: 0 | 1,
    contentLength: number,
    chunked: boolean,
    keepAlive: boolean,
    expectContinue: boolean,
    upgrades: boolean,
  ) {
    this.text = text;
    this.method = method;
    this.targetEnd = targetEnd;
    this.minor = minor;
    this.contentLength = contentLength;
    this.chunked = chunked;
    this.keepAlive = keepAlive;
    this.expectContinue = expectContinue;
    this.upgrades = upgrades;
  }

  /** As it came: `/path?query`, an absolute URL, `host:port` with CONNECT, or `*` with OPTIONS (RFC 9112 3.2). */
  get target(): string {
    return (this.ownTarget ??= this.text.slice(this.method.length + 1, this.targetEnd));
  }

  get fields(): Fields {
    return (this.ownFields ??= Fields.parse(this.text, this.targetEnd + VERSION_LENGTH));
  }

  /** What the Upgrade field offers, if Connection names it (RFC 9110 7.8). */
  get upgrade(): string | null {
    return this.upgrades ? this.fields.get('upgrade') : null;
  }

  /**
   * Whom the request is for, `host` or `host:port`: the target's authority where it has one, since that overrides the Host field
   * (RFC 9112 3.2.2), else the Host field. May be empty; null only in HTTP/1.0.
   */
  get host(): string | null {
    const { target, method } = this;
    if (method === 'CONNECT') return target;
    if (target.startsWith('/') || target === '*') return this.fields.get('host');
    return /^[^:]*:\/\/([^/?]*)/.exec(target)?.[1] ?? null;
  }
}
