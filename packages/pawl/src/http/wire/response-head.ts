/** ResponseHead: a response without its content. It owns its text, as {@link RequestHead} does. */
import { Fields } from '../fields.ts';

export class ResponseHead {
  /** Three digits: 100 to 999 (RFC 9110 15; what is above 599 counts as a server's error). */
  readonly status: number;
  readonly minor: 0 | 1;
  /** Content-Length, -1 if there is none. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** By version and Connection (RFC 9112 9.3). A content that goes on until the connection ends allows no other message after it. */
  readonly keepAlive: boolean;
  /** There is a Content-Encoding: known without a look at the fields. */
  readonly encoded: boolean;
  private readonly upgrades: boolean;
  /** The whole head, from the version on. */
  private readonly text: string;
  private readonly reasonEnd: number;
  private ownFields: Fields | null = null;

  constructor(
    text: string,
    status: number,
    reasonEnd: number,
    minor: 0 | 1,
    contentLength: number,
    chunked: boolean,
    keepAlive: boolean,
    upgrades: boolean,
    encoded: boolean,
  ) {
    this.text = text;
    this.status = status;
    this.reasonEnd = reasonEnd;
    this.minor = minor;
    this.contentLength = contentLength;
    this.chunked = chunked;
    this.keepAlive = keepAlive;
    this.upgrades = upgrades;
    this.encoded = encoded;
  }

  /** May be empty. */
  get reason(): string {
    return this.text.slice('HTTP/1.1 200 '.length, this.reasonEnd);
  }

  get fields(): Fields {
    return (this.ownFields ??= Fields.parse(this.text, this.reasonEnd + 2));
  }

  /** What the Upgrade field names, if Connection names it (RFC 9110 7.8). */
  get upgrade(): string | null {
    return this.upgrades ? this.fields.get('upgrade') : null;
  }
}
