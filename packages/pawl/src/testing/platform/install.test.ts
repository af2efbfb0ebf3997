/** Installing and taking back: what every property of the platform looks like before, meanwhile and afterwards. */
import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';
import module from 'node:module';
import net from 'node:net';
import { test } from 'node:test';
import timers from 'node:timers';
import timerPromises from 'node:timers/promises';
import workers from 'node:worker_threads';
import { HandSource } from '../../../test/support/hand-source.ts';
import { run } from '../../task/run.ts';
import { sleep } from '../../time/sleep.ts';
import { installPlatform } from './install.ts';

const PLACES = {
  globalThis,
  Date,
  datePrototype: Date.prototype,
  intl: Intl.DateTimeFormat.prototype,
  temporal: Temporal.Now,
  performance: Performance.prototype,
  process,
  hrtime: process.hrtime,
  math: Math,
  webCrypto: Crypto.prototype,
  subtle: SubtleCrypto.prototype,
  signal: AbortSignal,
  atomics: Atomics,
  crypto,
  timers,
  timerPromises,
  scheduler: Object.getPrototypeOf(timerPromises.scheduler) as object,
  fs,
  fsPromises: fs.promises,
  net,
  socket: net.Socket.prototype,
  dns,
  childProcess,
  workers,
  module,
};

function descriptors(): Record<string, PropertyDescriptorMap> {
  return Object.fromEntries(
    Object.entries(PLACES).map(([name, target]) => [
      name,
      Object.getOwnPropertyDescriptors(target) as PropertyDescriptorMap,
    ]),
  );
}

function differing(before: Record<string, PropertyDescriptorMap>): string[] {
  const found: string[] = [];
  for (const [place, now] of Object.entries(descriptors())) {
    const then = before[place] as PropertyDescriptorMap;
    for (const key of new Set([...Reflect.ownKeys(then), ...Reflect.ownKeys(now)])) {
      const [a, b] = [then[key as string], now[key as string]];
      const same =
        a !== undefined &&
        b !== undefined &&
        (['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const).every((what) =>
          Object.is(a[what], b[what]),
        );
      if (!same) found.push(`${place}.${String(key)}`);
    }
  }
  return found;
}

test('taking the installation back leaves every property as it was', () => {
  const before = descriptors();
  const installed = installPlatform(new HandSource());
  const changed = differing(before);
  installed[Symbol.dispose]();
  installed[Symbol.dispose]();
  assert.deepEqual(differing(before), []);
  for (const expected of ['globalThis.Date', 'fs.readFileSync', 'process.hrtime', 'timers.setTimeout', 'math.random']) {
    assert.ok(changed.includes(expected), expected);
  }
  assert.ok(changed.length > 200, `${changed.length} properties were replaced`);
});

test('what is replaced keeps its attributes, its name and its length', () => {
  const before = descriptors();
  using _ = installPlatform(new HandSource());
  const now = descriptors();
  // The mark of an installation is new.
  for (const name of differing(before).filter((other) => !other.includes('Symbol(pawl'))) {
    const [place, key] = name.split('.') as [string, string];
    const [a, b] = [before[place]?.[key], now[place]?.[key]] as [PropertyDescriptor, PropertyDescriptor];
    assert.deepEqual([b.enumerable, b.configurable, b.writable], [a.enumerable, a.configurable, a.writable], name);
    if (typeof a.value !== 'function') continue;
    const [was, is] = [a.value, b.value] as ((...args: unknown[]) => unknown)[];
    assert.deepEqual([is?.name, is?.length], [was?.name, was?.length], name);
  }
});

test('two sources at once are refused', () => {
  using _ = installPlatform(new HandSource());
  assert.throws(() => installPlatform(new HandSource()), { code: 'BUSY' });
});

test('a source that is not active leaves everything to the platform', async () => {
  const source = new HandSource();
  source.on = false;
  using _ = installPlatform(source);
  assert.ok(Date.now() > 1_700_000_000_000 && new Date().getTime() !== Math.floor(source.wallTime()));
  assert.ok(fs.existsSync('/proc/self'));
  await new Promise((resolve) => setTimeout(resolve, 1));
  await timerPromises.setTimeout(1);
  assert.equal(await timerPromises.setImmediate('soon'), 'soon');
  assert.equal(source.timers.size, 0);
  assert.deepEqual(source.refused, []);
});

test('what was taken out of the platform meanwhile behaves as the original afterwards', () => {
  const source = new HandSource();
  const installed = installPlatform(source);
  const { Date: KeptDate } = globalThis;
  const { now } = Date;
  const { random } = Math;
  const { readFileSync } = fs;
  const timer = setTimeout(() => {}, 5);
  installed[Symbol.dispose]();
  assert.ok(new KeptDate().getTime() !== Math.floor(source.wallTime()));
  assert.ok(now() !== Math.floor(source.wallTime()));
  assert.notEqual(random(), 0.125);
  assert.ok(readFileSync(import.meta.filename).length > 0);
  // The original knows nothing of it; it can still be taken back.
  timer[Symbol.dispose]();
  assert.equal(source.timers.size, 0);
});

test("Pawl's own driver goes on by its own clock", async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  await run(sleep(2));
  assert.equal(source.timers.size, 0);
});
