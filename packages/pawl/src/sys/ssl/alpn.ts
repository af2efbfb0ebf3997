/**
 * The server's answer to the protocols that a client offers (ALPN, RFC 7301). OpenSSL asks for it by a callback, and by nothing else; what to
 * answer is decided before, from the client's hello.
 *
 * What must hold: the answer is set right before each call of OpenSSL in which it may ask, on the same thread. The callback runs inside that
 * call: it copies two values into C's memory and does nothing that can throw.
 */
import { Buffer } from 'node:buffer';
import { makeCallback, viewMemory } from '../ffi/index.ts';
import { openssl } from './functions.ts';
import { copyWithin } from './memory.ts';

// From openssl/tls1.h: what the callback returns.
const TLSEXT_ERR_OK = 0;
const TLSEXT_ERR_ALERT_FATAL = 2;
const TLSEXT_ERR_NOACK = 3;

/** A name is at most 255 bytes long; before it stands its address, and its length. */
const NAME = 16;
const SIZE = NAME + 255;

class Answer {
  readonly callback: bigint;
  private readonly bytes: Buffer;
  private result = TLSEXT_ERR_NOACK;

  constructor() {
    // Never freed: OpenSSL is given pointers into it.
    const address = openssl().CRYPTO_malloc(BigInt(SIZE), 'pawl', 0);
    this.bytes = Buffer.from(viewMemory(Number(address), SIZE));
    this.bytes.writeBigUInt64LE(address + BigInt(NAME), 0);
    this.callback = makeCallback(
      { return: 'int32', arguments: ['uint64', 'uint64', 'uint64', 'uint64', 'uint32', 'uint64'] },
      (_ssl: bigint, out: bigint, outLength: bigint) => {
        if (this.result === TLSEXT_ERR_OK) {
          copyWithin(out, address, 8);
          copyWithin(outLength, address + 8n, 1);
        }
        return this.result;
      },
    );
  }

  /** The protocol; null for none, and `''` to refuse the connection. */
  set(protocol: string | null): void {
    if (protocol === null) this.result = TLSEXT_ERR_NOACK;
    else if (protocol === '') this.result = TLSEXT_ERR_ALERT_FATAL;
    else {
      this.result = TLSEXT_ERR_OK;
      this.bytes[8] = this.bytes.write(protocol, NAME, 'latin1');
    }
  }
}

let made: Answer | null = null;

/** This thread's. */
export function alpnAnswer(): Answer {
  return (made ??= new Answer());
}
