import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { tlsEngine } from '../../driver/tls.ts';
import { type ClientHello, HelloReader } from './client-hello.ts';

/** The hello that OpenSSL writes. */
function written(host: string, alpn: readonly string[]): Uint8Array {
  const session = tlsEngine().client({ host, alpn, verify: true, ca: [], identity: null });
  session.handshake();
  const bytes = new Uint8Array(8192);
  const count = session.take(bytes);
  session.free();
  return bytes.subarray(0, count);
}

/** What is read of bytes that come in pieces of so many. */
function read(bytes: Uint8Array, size = bytes.length): { said: ClientHello | null; at: number } {
  const reader = new HelloReader();
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    const said = reader.push(piece, piece.length);
    if (said !== null) return { said, at: at + piece.length };
  }
  return { said: null, at: bytes.length };
}

/** The same message in records of at most so many bytes. */
function fragmented(bytes: Uint8Array, size: number): Uint8Array {
  const message = bytes.subarray(5);
  const parts: number[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(22, 3, 1, part.length >> 8, part.length & 255, ...part);
  }
  return Uint8Array.from(parts);
}

const NOTHING = { serverName: null, alpn: [] };

describe('a client’s hello', () => {
  const hello = written('Some.Example.com', ['h2', 'http/1.1']);
  const said = { serverName: 'some.example.com', alpn: ['h2', 'http/1.1'] };

  it('is read as OpenSSL writes it', () => {
    assert.deepEqual(read(hello).said, said);
    assert.deepEqual(read(written('127.0.0.1', [])).said, NOTHING);
  });

  it('is complete with its last byte, however it is cut, and in however many records it comes', () => {
    for (const bytes of [hello, fragmented(hello, 100), fragmented(hello, 1)]) {
      for (const size of [1, 2, 7, 100, 1000]) {
        const result = read(bytes, size);
        assert.deepEqual(result.said, said);
        assert.equal(result.at, Math.min(Math.ceil(bytes.length / size) * size, bytes.length));
      }
    }
    assert.equal(read(hello.subarray(0, -1)).said, null);
  });

  it('asks for nothing when it is none, at once', () => {
    for (const text of ['GET / HTTP/1.1\r\n', 'G', '\0']) assert.deepEqual(read(Buffer.from(text)).said, NOTHING);
    // A handshake record of another message, although more of it is to come.
    assert.deepEqual(read(Uint8Array.from([22, 3, 1, 1, 0, 2, 0, 0, 9])).said, NOTHING);
  });

  it('holds a bounded number of bytes', () => {
    const endless = new Uint8Array(100_000);
    for (let at = 0; at < endless.length; at += 16_389)
      endless.set([22, 3, 1, 0x40, 0, ...(at === 0 ? [1, 0xff, 0xff, 0xff] : [])], at);
    const { said: nothing, at } = read(endless, 1000);
    assert.deepEqual(nothing, NOTHING);
    assert.ok(at <= 66_000, `${at} bytes`);
  });

  it('survives every damage', () => {
    check(
      property(integer({ min: 0, max: hello.length - 1 }), integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = Uint8Array.from(hello);
        damaged[at] = byte;
        read(damaged);
      }),
    );
    check(
      property(
        uint8Array({ maxLength: 300 }),
        (bytes) => void read(Uint8Array.from([22, 3, 1, 1, 0, 1, 0, 0, 200, ...bytes])),
      ),
    );
  });
});
