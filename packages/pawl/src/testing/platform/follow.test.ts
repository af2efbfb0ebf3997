/** What the platform tells while it follows a source: dates, clocks, randomness; also through names that were imported before. */
import assert from 'node:assert/strict';
import crypto, { getRandomValues, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { performance as imported } from 'node:perf_hooks';
import { hrtime, uptime } from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { EPOCH, HandSource } from '../../../test/support/hand-source.ts';
import { installPlatform } from './install.ts';

const RealDate = Date;

test('Date follows, called, constructed and asked', () => {
  using _ = installPlatform(new HandSource());
  const ms = Math.floor(EPOCH);
  assert.equal(Date.now(), ms);
  assert.equal(RealDate.now(), ms);
  assert.equal(new Date().getTime(), ms);
  assert.equal(Date(), new Date(ms).toString());
  assert.equal(new Date(2020, 1, 2, 3).getTime(), new RealDate(2020, 1, 2, 3).getTime());
  assert.equal(Date.UTC(2020, 1), RealDate.UTC(2020, 1));
  assert.equal(Date.length, 7);
});

test('a Date is an instance of both constructors, and a subclass is one of its own', () => {
  const before = new RealDate(5);
  using _ = installPlatform(new HandSource());
  class Stamp extends Date {
    get year(): number {
      return this.getUTCFullYear();
    }
  }
  const stamp = new Stamp();
  assert.equal(stamp.year, 2026);
  assert.ok(stamp instanceof Stamp && stamp instanceof Date && stamp instanceof RealDate);
  assert.ok(before instanceof Date);
  const date = new Date();
  assert.equal(date.constructor, Date);
  assert.equal(Object.prototype.toString.call(date), '[object Date]');
  assert.deepEqual(structuredClone(date), date);
  assert.throws(() => Object.create(date).getTime() as unknown, TypeError);
});

test('Temporal and the formatters follow', () => {
  using _ = installPlatform(new HandSource());
  assert.equal(Temporal.Now.instant().epochNanoseconds, BigInt(Math.floor(EPOCH)) * 1_000_000n + 250_000n);
  assert.equal(Temporal.Now.zonedDateTimeISO('Asia/Tokyo').hour, 21);
  assert.equal(Temporal.Now.plainDateISO('UTC').toString(), '2026-03-01');
  assert.equal(Temporal.Now.plainDateTimeISO('UTC').minute, 0);
  assert.equal(Temporal.Now.plainTimeISO('UTC').hour, 12);
  assert.throws(() => Temporal.Now.plainDateISO('Nowhere/Land'), RangeError);
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', dateStyle: 'short' });
  assert.equal(format.format(), '01/03/2026');
  assert.equal(format.format(0), '01/01/1970');
  assert.equal(Reflect.get(format, 'format'), Reflect.get(format, 'format'));
  assert.equal(format.formatToParts().find(({ type }) => type === 'year')?.value, '2026');
});

test('the monotonic clocks follow', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  assert.equal(performance.now(), 1000.5);
  assert.equal(imported.now(), 1000.5);
  assert.equal(performance.timeOrigin, EPOCH - 1000.5);
  assert.equal((performance.toJSON() as { timeOrigin: number }).timeOrigin, EPOCH - 1000.5);
  assert.deepEqual(hrtime(), [1, 500_000]);
  const before = hrtime();
  source.now += 2500;
  assert.deepEqual(hrtime(before), [2, 500_000_000]);
  assert.equal(hrtime.bigint(), 3_500_500_000n);
  assert.equal(process.uptime(), 3.5005);
  assert.equal(uptime(), 3.5005);
  assert.throws(() => process.hrtime([1] as unknown as [number, number]), { code: 'ERR_OUT_OF_RANGE' });
});

test('marks and measures are made at the time of the source', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  assert.equal(performance.mark('a').startTime, 1000.5);
  assert.equal(performance.mark('b', { startTime: 5, detail: 1 }).startTime, 5);
  source.now += 10;
  const spans = [
    performance.measure('m1', 'a'),
    performance.measure('m2', 'b', 'a'),
    performance.measure('m3', { start: 'a' }),
    performance.measure('m4', { start: 1, duration: 3 }),
    performance.measure('m5'),
  ];
  assert.deepEqual(
    spans.map(({ duration, startTime }) => [startTime, duration]),
    [
      [1000.5, 10],
      [5, 995.5],
      [1000.5, 10],
      [1, 3],
      [0, 1010.5],
    ],
  );
  performance.clearMarks();
  performance.clearMeasures();
});

test('randomness follows, of the globals and of names imported from node:crypto', async () => {
  using _ = installPlatform(new HandSource());
  assert.equal(Math.random(), 0.125);
  assert.deepEqual([...randomBytes(3)], [0, 1, 2]);
  assert.deepEqual([...getRandomValues(new Uint8Array(2))], [3, 4]);
  assert.deepEqual([...globalThis.crypto.getRandomValues(new Uint8Array(2))], [5, 6]);
  assert.deepEqual([...new Uint8Array(globalThis.crypto.getRandomValues(new Uint16Array(2)).buffer)], [7, 8, 9, 10]);
  const id = randomUUID();
  assert.equal(id, '0b0c0d0e-0f10-4112-9314-15161718191a');
  assert.match(globalThis.crypto.randomUUID(), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.deepEqual([...crypto.randomFillSync(Buffer.alloc(4), 1, 2)], [0, 43, 44, 0]);
  assert.deepEqual([...crypto.randomFillSync(new Uint32Array(3), 1, 1)], [0, 0x302f2e2d, 0]);
  assert.deepEqual([...(crypto as unknown as { pseudoRandomBytes: typeof randomBytes }).pseudoRandomBytes(1)], [49]);
  assert.ok(randomInt(10) < 10);
  assert.ok(randomInt(100, 105) >= 100 && randomInt(100, 105) < 105);
});

test('what asks for randomness with a callback is called back by the source', async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const answers: unknown[] = [];
  randomBytes(2, (error, bytes) => answers.push(error, [...bytes]));
  randomInt(256 ** 3, (_error, value) => answers.push(value));
  const filled = promisify(crypto.randomFill)(Buffer.alloc(2));
  assert.deepEqual(answers, []);
  source.advance(0);
  assert.deepEqual(answers, [null, [0, 1], 0x050607]);
  assert.deepEqual([...((await filled) as Buffer)], [8, 9]);
});

test('bad arguments are refused as by the originals', () => {
  using _ = installPlatform(new HandSource());
  assert.throws(() => randomBytes(-1), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => randomInt(5, 5), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => randomUUID({ disableEntropyCache: 1 } as never), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => globalThis.crypto.getRandomValues(new Float32Array(1) as never), { name: 'TypeMismatchError' });
  assert.throws(() => crypto.randomFillSync(Buffer.alloc(2), 3), { code: 'ERR_OUT_OF_RANGE' });
  assert.throws(() => new Intl.DateTimeFormat('en').format(NaN), RangeError);
});

test('randomUUIDv7 has the time of the source', () => {
  using _ = installPlatform(new HandSource());
  const { randomUUIDv7 } = crypto as unknown as { randomUUIDv7?: () => string };
  // It came with Node 26.
  const id = (randomUUIDv7 as () => string)();
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), Math.floor(EPOCH));
  assert.equal(id[14], '7');
});
