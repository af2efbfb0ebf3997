/**
 * The server's answer to the protocols that a client offers (ALPN, RFC 7301). OpenSSL asks for it by a callback, and by nothing else; what to
 * answer is decided before, from the client's hello.
 *
 * What must hold: the answer is set right before each call of OpenSSL in which it may ask, on the same thread.
 */
import { Buffer } from 'node:buffer';
import { viewMemory } from '../ffi/index.ts';
import { openssl } from './functions.ts';

// From openssl/tls1.h: what the callback returns.
const TLSEXT_ERR_OK = 0;
const TLSEXT_ERR_ALERT_FATAL = 2;
const TLSEXT_ERR_NOACK = 3;

// The block that sys/emit/callbacks.ts answers from: the name's address, its length, the result, and then the name itself, of at most 255 bytes.
const LENGTH = 8;
const RESULT = 12;
const NAME = 16;
const SIZE = NAME + 255;

class Answer {
  /** In C's memory, and never freed: contexts are given pointers into it. */
  readonly block: bigint;
  private readonly bytes: Buffer;

  constructor() {
    this.block = openssl().CRYPTO_malloc(BigInt(SIZE), 'pawl', 0);
    this.bytes = Buffer.from(viewMemory(Number(this.block), SIZE));
    this.bytes.writeBigUInt64LE(this.block + BigInt(NAME), 0);
    this.set(null);
  }

  /** The protocol; null for none, and `''` to refuse the connection. */
  set(protocol: string | null): void {
    const { bytes } = this;
    const result = protocol === null ? TLSEXT_ERR_NOACK : protocol === '' ? TLSEXT_ERR_ALERT_FATAL : TLSEXT_ERR_OK;
    bytes.writeInt32LE(result, RESULT);
    bytes[LENGTH] = protocol === null ? 0 : bytes.write(protocol, NAME, 'latin1');
  }
}

let made: Answer | null = null;

/** This thread's. */
export function alpnAnswer(): Answer {
  return (made ??= new Answer());
}
