/**
 * ClientHello: what a client asks for in its first message, read before OpenSSL sees it, so that the certificate and the protocol are chosen
 * outside of any call of OpenSSL.
 *
 * What must hold: nothing is judged here. What cannot be read asks for nothing, and OpenSSL, which gets the same bytes, refuses it. It
 * holds at most {@link LONGEST} bytes.
 *
 * Source: RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3 (server name); RFC 7301, section 3.1 (ALPN).
 */

/** A hello that is longer is left to OpenSSL unread. Those of today's browsers have two kilobytes. */
const LONGEST = 64 * 1024;

const RECORD_HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;

/** What a client asks for. */
export interface ClientHello {
  /** In lower case. */
  readonly serverName: string | null;
  readonly alpn: readonly string[];
}

const NOTHING: ClientHello = { serverName: null, alpn: [] };

/** Collects the bytes of the hello. */
export class HelloReader {
  private held: Uint8Array = new Uint8Array(0);

  /** All bytes that have been pushed. */
  get bytes(): Uint8Array {
    return this.held;
  }

  /** Takes the first `count` bytes; null when the hello goes on. */
  push(bytes: Uint8Array, count: number): ClientHello | null {
    const held = new Uint8Array(this.held.length + count);
    held.set(this.held);
    held.set(bytes.subarray(0, count), this.held.length);
    this.held = held;
    if (held.length > LONGEST) return NOTHING;
    try {
      const message = joinRecords(held);
      return message === null ? null : parseHello(message);
    } catch (error) {
      if (error instanceof RangeError) return NOTHING;
      throw error;
    }
  }
}

/** The hello's body, out of its records; null when more must come. Throws RangeError when it is no hello. */
function joinRecords(bytes: Uint8Array): Uint8Array | null {
  const message = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; ;) {
    if (length >= 4) {
      if (message[0] !== CLIENT_HELLO) throw new RangeError('not a client hello');
      const end = 4 + new Cursor(message.subarray(1, 4)).number(3);
      if (length >= end) return message.subarray(4, end);
    }
    if (at === bytes.length) return null;
    if (bytes[at] !== RECORD_HANDSHAKE) throw new RangeError('not a handshake record');
    if (bytes.length < at + 5) return null;
    const size = new Cursor(bytes.subarray(at + 3, at + 5)).number(2);
    const part = bytes.subarray(at + 5, at + 5 + size);
    message.set(part, length);
    length += part.length;
    if (part.length < size) {
      // Its last record is not complete, but the hello may be refused for what is there.
      if (length >= 4 && message[0] !== CLIENT_HELLO) throw new RangeError('not a client hello');
      return null;
    }
    at += 5 + size;
  }
}

function parseHello(body: Uint8Array): ClientHello {
  const hello = new Cursor(body);
  hello.skip(2 + 32); // version and random
  hello.take(1); // session
  hello.take(2); // cipher suites
  hello.take(1); // compression methods
  if (hello.ended) return NOTHING;
  let serverName: string | null = null;
  let alpn: string[] = [];
  const extensions = hello.take(2);
  while (!extensions.ended) {
    const type = extensions.number(2);
    const content = extensions.take(2);
    if (type === SERVER_NAME) serverName = parseServerName(content);
    else if (type === ALPN) alpn = parseNames(content);
  }
  return { serverName, alpn };
}

function parseServerName(content: Cursor): string | null {
  const names = content.take(2);
  while (!names.ended) {
    const type = names.number(1);
    const name = names.take(2);
    if (type === 0) return name.text().toLowerCase();
  }
  return null;
}

function parseNames(content: Cursor): string[] {
  const names: string[] = [];
  const list = content.take(2);
  while (!list.ended) names.push(list.take(1).text());
  return names;
}

/** Reads numbers and what they are the length of. Throws RangeError beyond the end. */
class Cursor {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get ended(): boolean {
    return this.at === this.bytes.length;
  }

  number(size: number): number {
    const end = this.skip(size);
    let value = 0;
    for (let i = end - size; i < end; i++) value = value * 256 + (this.bytes[i] as number);
    return value;
  }

  /** What follows a length of so many bytes. */
  take(sizeOfLength: number): Cursor {
    const size = this.number(sizeOfLength);
    const end = this.skip(size);
    return new Cursor(this.bytes.subarray(end - size, end));
  }

  skip(count: number): number {
    if (this.at + count > this.bytes.length) throw new RangeError('the message ends within a field');
    return (this.at += count);
  }

  text(): string {
    return String.fromCharCode(...this.bytes);
  }
}
