/** However a connection's bytes are cut, they say the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, constantFrom, nat, property } from 'fast-check';
import { broken, request, response } from '../../../test/support/http-messages.ts';
import { cut } from '../../../test/support/pieces.ts';
import { latin1, type Outcome, readRequests, readResponses } from '../../../test/support/wire.ts';

const cuts = array(nat({ max: 2000 }), { maxLength: 30 });
const rooms = constantFrom(1, 2, 7, 64, 1000);
const runs = { numRuns: 1000 };

/** Content that came before an error is not compared: how much of it there was, the cuts decide. */
function sameForAllCuts(
  read: (pieces: readonly Uint8Array[], room: number) => Outcome,
  messages: typeof request,
): void {
  let finished = 0;
  let refused = 0;
  check(
    property(broken(messages), cuts, rooms, (text, places, room) => {
      const bytes = latin1(text);
      const whole = read([bytes], 4096);
      finished += whole.messages.length;
      if (whole.end.startsWith('HTTP_')) refused++;
      assert.deepEqual(read(cut(bytes, places), room), whole);
      assert.deepEqual(
        read(
          Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
          room,
        ),
        whole,
      );
    }),
    runs,
  );
  // Both must be frequent, else this shows little.
  assert.ok(finished > 300, `${finished} messages`);
  assert.ok(refused > 200, `${refused} refusals`);
}

describe('however the bytes are cut', () => {
  it('requests are the same, and what is wrong with them, where', () => sameForAllCuts(readRequests, request));

  it('responses are the same, and what is wrong with them, where', () =>
    sameForAllCuts((pieces, room) => readResponses(pieces, 'GET', room), response));

  it('what stands in the wrong place is not taken for what would be right there', () => {
    for (const text of [
      'GET / HTTHTTP/1.1\r\nHost: a\r\n\r\n',
      '\r\r\nGET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/HTTP/1.1\r\n\r\n',
    ]) {
      const bytes = latin1(text);
      const whole = readRequests([bytes]);
      assert.match(whole.end, /^HTTP_SYNTAX/);
      for (let at = 1; at < bytes.length; at++) assert.deepEqual(readRequests(cut(bytes, [at])), whole);
    }
  });

  it('well-formed requests are all read, to the last byte', () => {
    check(
      property(array(request, { minLength: 1, maxLength: 3 }), (messages) => {
        const { messages: read, end, rest } = readRequests([latin1(messages.join(''))]);
        assert.equal(end, 'idle');
        assert.equal(read.length < messages.length, rest !== '');
        for (const [i, { line }] of read.entries())
          assert.ok(messages[i]?.includes(`${line[0]} ${line[1]} HTTP/1.${line[2]}`));
      }),
      runs,
    );
  });
});
