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

/** Collects the bytes of the hello. Each byte is looked at once, in however small pieces they come. */
export class HelloReader {
  private readonly held = new Growing();
  /** The messages out of their records. */
  private readonly message = new Growing();
  /** Where the next record begins in `held`. */
  private next = 0;

  /** All bytes that have been pushed. */
  get bytes(): Uint8Array {
    return this.held.bytes;
  }

  /** Takes the first `count` bytes; null when the hello goes on. */
  push(bytes: Uint8Array, count: number): ClientHello | null {
    this.held.push(bytes.subarray(0, count));
    if (this.held.length > LONGEST) return NOTHING;
    try {
      const message = this.join();
      return message === null ? null : parseHello(message);
    } catch (error) {
      if (error instanceof RangeError) return NOTHING;
      throw error;
    }
  }

  /** The hello's body; null when more must come. Throws RangeError when it is no hello. */
  private join(): Cursor | null {
    const { message } = this;
    const { bytes } = this.held;
    while (this.next < bytes.length) {
      if (bytes[this.next] !== RECORD_HANDSHAKE) throw new RangeError('not a handshake record');
      const begin = this.next + 5;
      if (bytes.length < begin) return null;
      // Known from its first byte, which may come long before the rest.
      if (message.length === 0 && bytes.length > begin && bytes[begin] !== CLIENT_HELLO)
        throw new RangeError('not a client hello');
      const end = begin + new Cursor(bytes.subarray(begin - 2, begin)).number(2);
      if (bytes.length < end) return null;
      message.push(bytes.subarray(begin, end));
      this.next = end;
      if (message.length < 4) continue;
      if (message.length >= 4 + new Cursor(message.bytes.subarray(1, 4)).number(3)) {
        const hello = new Cursor(message.bytes);
        hello.skip(1);
        return hello.take(3);
      }
    }
    return null;
  }
}

/** Bytes in memory that doubles. */
class Growing {
  private memory: Uint8Array = new Uint8Array(2048);
  length = 0;

  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.length);
  }

  push(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (length > this.memory.length) {
      const memory = new Uint8Array(Math.max(length, 2 * this.memory.length));
      memory.set(this.bytes);
      this.memory = memory;
    }
    this.memory.set(bytes, this.length);
    this.length = length;
  }
}

function parseHello(hello: Cursor): ClientHello {
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
