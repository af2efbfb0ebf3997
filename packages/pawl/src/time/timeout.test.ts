import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '../../test/support/world.ts';
import { deadline, type Future, Instant, ready, timeout } from '../index.ts';

for (const [name, limit] of Object.entries({
  timeout: (future: Future<unknown>) => timeout(1000, future),
  deadline: (future: Future<unknown>) => deadline(Instant.now().plus(1000), future),
})) {
  test(`${name} of something that is no future throws NOT_A_FUTURE at the call`, () => {
    for (const wrong of [1, null, undefined, Promise.resolve(1), () => ready(1)])
      assert.equal(
        codeOf(() => limit(wrong as unknown as Future<unknown>)),
        'NOT_A_FUTURE',
      );
  });
}
