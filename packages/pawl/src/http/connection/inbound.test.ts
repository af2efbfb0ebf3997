/** Bodies that come over a connection: what of them can be taken at once. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Transport } from '../../net/transport.ts';
import { ChunkedDecoder, LengthDecoder } from '../wire/body-decoder.ts';
import { Inbound, InboundBody } from './inbound.ts';

function bodyOf(come: string, length: number, chunked = false): { body: InboundBody; inbound: Inbound } {
  const inbound = new Inbound({} as Transport);
  inbound.bytes = Buffer.from(come);
  inbound.end = inbound.bytes.length;
  const decoder = chunked ? new ChunkedDecoder() : new LengthDecoder(length);
  const body = new InboundBody(inbound, decoder, chunked ? -1 : length, 1000, () => new Error('too large'));
  return { body, inbound };
}

describe('a body whose bytes have come', () => {
  test('is taken whole, and what comes behind it stays', () => {
    const { body, inbound } = bodyOf('tea and GET', 3);
    let ended = 0;
    body.onEnd = () => ended++;
    const target = Buffer.alloc(8);
    assert.equal(body.takeWhole(target), 3);
    assert.equal(target.toString('latin1', 0, 3), 'tea');
    assert.equal(inbound.bytes.toString('latin1', inbound.start, inbound.end), ' and GET');
    assert.deepEqual([body.done, body.received, ended], [true, 3, 1]);
    assert.equal(body.takeWhole(target), -1);
  });

  const partly: [string, () => { body: InboundBody }, Buffer][] = [
    ['has not all come', () => bodyOf('te', 3), Buffer.alloc(8)],
    ['is larger than its target', () => bodyOf('tea', 3), Buffer.alloc(2)],
    ['comes in chunks', () => bodyOf('3\r\ntea\r\n0\r\n\r\n', 0, true), Buffer.alloc(8)],
  ];
  for (const [what, make, target] of partly) {
    test(`and that ${what} is left alone`, () => {
      const { body } = make();
      assert.equal(body.takeWhole(target), -1);
      assert.deepEqual([body.done, body.received], [false, 0]);
    });
  }
});
