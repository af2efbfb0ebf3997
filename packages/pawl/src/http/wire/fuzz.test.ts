/**
 * Byte-level fuzz: valid messages, mutated, to every parser and decoder. Nothing but HttpError is thrown, nothing loops, nothing takes more
 * than it was given or reads what stands around it. PAWL_FUZZ_SEED replays a run, PAWL_FUZZ_COUNT makes it longer.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1, type Outcome, readRequests, readResponses } from '../../../test/support/wire.ts';

const COUNT = Number(process.env['PAWL_FUZZ_COUNT'] ?? 15_000);
const BOUND_MS = Number(process.env['PAWL_FUZZ_MS'] ?? 5000);

const requests = [
  'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'GET /a?b HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: x/1\r\nAccept: */*\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\nhello world',
  'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n00a\r\n0123456789\r\n0\r\nX-Sum: 1\r\nY: z\r\n\r\n',
  '\r\nOPTIONS * HTTP/1.0\r\n\r\n',
  'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n',
  'GET http://u.example:8080/path?q HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\nX: \xe9\xff\t\r\n\r\n',
];
const responses = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n',
  'HTTP/1.0 200\r\nConnection: keep-alive\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nuntil the end',
  'HTTP/1.1 204 \r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n',
];

/** A generator of its own, so that a seed replays (xorshift, 32 bits). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const TELLING = latin1('\r\n\t :;,="\x00\x7f\x80\xff0123456789abcdefxX/*#[]');

function mutate(text: string, random: (below: number) => number): Buffer {
  let bytes = latin1(text);
  for (let left = random(4); left >= 0 && bytes.length > 1; left--) {
    const at = random(bytes.length);
    const length = random(random(8) === 0 ? bytes.length : 4);
    const byte = random(2) === 0 ? random(256) : (TELLING[random(TELLING.length)] as number);
    const from = random(bytes.length);
    const piece = [
      Buffer.of(byte),
      Buffer.alloc(0),
      bytes.subarray(from, from + length),
      Buffer.alloc(random(8) === 0 ? random(3000) : random(20), byte),
      Buffer.of((bytes[at] as number) ^ (1 << random(8))),
    ][random(5)] as Buffer;
    bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + random(2) * piece.length)]);
  }
  return bytes;
}

function split(bytes: Buffer, random: (below: number) => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random(random(4) === 0 ? 4 : bytes.length);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function fuzz(
  samples: readonly string[],
  read: (pieces: readonly Uint8Array[], room: number) => Outcome,
  note: (text: string) => void,
): void {
  const seed = Number(process.env['PAWL_FUZZ_SEED'] ?? Date.now() % 1e9);
  const random = randomFrom(seed);
  const until = performance.now() + BOUND_MS;
  const ends = new Map<string, number>();
  let count = 0;
  for (; count < COUNT && (count % 64 !== 0 || performance.now() < until); count++) {
    const text = Array.from({ length: 1 + random(3) }, () => samples[random(samples.length)]).join('');
    const bytes = mutate(text, random);
    try {
      // Throws what is no PawlError, and where bytes are taken that were not given or none are while there is room.
      const whole = read([bytes], 64);
      assert.deepEqual(read(split(bytes, random), 1 + random(100)), whole);
      const code = whole.end.split(':')[0] as string;
      ends.set(code, (ends.get(code) ?? 0) + 1);
    } catch (error) {
      throw new Error(`seed ${seed}, number ${count}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
  }
  note(`seed ${seed}, ${count} messages: ${[...ends].map(([code, times]) => `${code} ${times}`).join(', ')}`);
  for (const code of ['idle', 'incomplete', 'HTTP_SYNTAX', 'HTTP_FRAMING'])
    assert.ok(ends.has(code), `no ${code} came up`);
}

describe('whatever bytes come', () => {
  it('requests are read or refused', (t) => fuzz(requests, readRequests, (text) => t.diagnostic(text)));

  it('responses are read or refused', (t) =>
    fuzz(
      responses,
      (pieces, room) => readResponses(pieces, 'GET', room),
      (text) => t.diagnostic(text),
    ));
});
