/**
 * BodyDecoder: content out of the bytes that carry it. Which of three kinds it is, a message's head says (RFC 9112 6.3).
 *
 * What must hold: no byte behind the body is ever taken; what has been taken is never asked for again.
 */
import { PawlError } from '../../error/index.ts';
import type { Fields } from '../fields.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { copyBytes } from './copy-bytes.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

export interface BodyDecoder {
  /**
   * Decodes from source[start, end) into target[0, …): the number of content bytes put there. `consumed` then says how many bytes of
   * the source were taken. Throws HttpError.
   */
  decode(source: Uint8Array, start: number, end: number, target: Uint8Array): number;
  readonly consumed: number;
  readonly done: boolean;
  /** How many bytes may now go from the transport to whoever wants the content as they are; `took` says how many of them did. */
  readonly verbatim: number;
  took(count: number): void;
  /** The transport has ended. Error: UNEXPECTED_EOF, unless that is how this body ends. */
  end(): void;
  /** The trailers that came after the content (RFC 9110 6.5); null before they have come and where there are none. */
  readonly trailers: Fields | null;
}

/** A content of so many bytes. */
export class LengthDecoder implements BodyDecoder {
  consumed = 0;
  private left: number;

  constructor(length: number) {
    this.left = length;
  }

  get done(): boolean {
    return this.left === 0;
  }

  get verbatim(): number {
    return this.left;
  }

  get trailers(): null {
    return null;
  }

  decode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
    const count = Math.min(this.left, end - start, target.length);
    copyBytes(source, start, target, 0, count);
    this.left -= count;
    this.consumed = count;
    return count;
  }

  took(count: number): void {
    this.left -= count;
  }

  end(): void {
    if (this.left > 0)
      throw new PawlError('UNEXPECTED_EOF', `the connection ended ${this.left} bytes before the content`);
  }
}

/** A content that goes on until the connection ends: of a response alone. */
export class CloseDecoder implements BodyDecoder {
  consumed = 0;
  done = false;

  get verbatim(): number {
    return this.done ? 0 : Number.MAX_SAFE_INTEGER;
  }

  get trailers(): null {
    return null;
  }

  decode(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
    const count = this.done ? 0 : Math.min(end - start, target.length);
    copyBytes(source, start, target, 0, count);
    this.consumed = count;
    return count;
  }

  took(_count: number): void {}

  end(): void {
    this.done = true;
  }
}

/** What decodes a request's content; null if it has none. A request without length and chunks has none (RFC 9112 6.3, 7). */
export function requestBody(head: RequestHead): BodyDecoder | null {
  if (head.chunked) return new ChunkedDecoder();
  return head.contentLength > 0 ? new LengthDecoder(head.contentLength) : null;
}

/** What decodes the content of a response to such a request; null if it has none. */
export function responseBody(head: ResponseHead, requestMethod: string): BodyDecoder | null {
  const { status } = head;
  // Whatever their fields say (RFC 9112 6.3, 1 and 2); what follows a 101 or a tunnel's 2xx is no HTTP.
  if (requestMethod === 'HEAD' || status < 200 || status === 204 || status === 304) return null;
  if (requestMethod === 'CONNECT' && status < 300) return null;
  if (head.chunked) return new ChunkedDecoder();
  if (head.contentLength === 0) return null;
  return head.contentLength > 0 ? new LengthDecoder(head.contentLength) : new CloseDecoder();
}

export { ChunkedDecoder } from './chunked-decoder.ts';
