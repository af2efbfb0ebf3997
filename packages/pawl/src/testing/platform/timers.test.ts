/** Timers that follow a source: in order, in their context, and with all that Node's own can do. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setInterval as imported, clearInterval as clearImported } from 'node:timers';
import { scheduler, setImmediate as soon, setInterval as ticks, setTimeout as later } from 'node:timers/promises';
import { promisify } from 'node:util';
import { HandSource } from '../../../test/support/hand-source.ts';
import { installPlatform } from './install.ts';

/** Until every reaction to what has happened has run. */
const quiet = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test('timers fire in order, with their arguments, and as often as they should', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const seen: unknown[] = [];
  setTimeout((...args: unknown[]) => seen.push(['timeout', args, performance.now()]), 20, 1, 2);
  const interval = imported((value: string) => seen.push([value, performance.now()]), 8, 'tick');
  setImmediate((value: string) => seen.push(value), 'soon');
  setTimeout(() => seen.push('one'));
  setTimeout(() => seen.push('one, too'), -5);
  source.advance(20);
  clearImported(interval);
  source.advance(100);
  assert.deepEqual(seen, ['soon', 'one', 'one, too', ['tick', 1008.5], ['tick', 1016.5], ['timeout', [1, 2], 1020.5]]);
});

test('a timer can be cleared as itself, by its number, by its method and by `using`', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const fail = (): void => assert.fail('it fired');
  clearTimeout(setTimeout(fail, 1));
  clearInterval(setTimeout(fail, 1));
  clearTimeout(+setTimeout(fail, 1));
  clearTimeout(String(+setTimeout(fail, 1)));
  setTimeout(fail, 1).close();
  {
    using _timer = setTimeout(fail, 1);
    using _immediate = setImmediate(fail);
  }
  clearImmediate(setImmediate(fail));
  clearTimeout(undefined);
  clearTimeout(123_456);
  source.advance(10);
  assert.equal(source.timers.size, 0);
});

test('a timer knows whether it is waited for', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const timer = setTimeout(() => {}, 5);
  assert.ok(timer.hasRef());
  assert.ok(!timer.unref().hasRef());
  assert.ok(timer.ref().hasRef());
  assert.equal(timer.constructor.name, 'Timeout');
  source.advance(5);
  assert.ok(!timer.hasRef());
  const immediate = setImmediate(() => {});
  assert.ok(immediate.hasRef() && !immediate.unref().hasRef());
});

test('refresh begins anew, also after it has fired, not after it was cleared', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  let fired = 0;
  const timer = setTimeout(() => fired++, 10);
  source.advance(8);
  timer.refresh();
  source.advance(8);
  assert.equal(fired, 0);
  source.advance(2);
  assert.equal(fired, 1);
  timer.refresh();
  source.advance(10);
  assert.equal(fired, 2);
  clearTimeout(timer);
  timer.refresh();
  source.advance(10);
  assert.equal(fired, 2);
});

test('a callback runs in the async context that made its timer, with the timer as this', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const context = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const timer = context.run('mine', () =>
    setTimeout(function (this: unknown) {
      seen.push(context.getStore(), this);
    }, 1),
  );
  context.run('another', () => source.advance(1));
  assert.deepEqual(seen, ['mine', timer]);
});

test('what is no function is refused as by Node', () => {
  using _ = installPlatform(new HandSource());
  assert.throws(() => Reflect.apply(setTimeout, undefined, ['code', 1]), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => Reflect.apply(setImmediate, undefined, []), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('the promises of node:timers/promises follow, imported by name and promisified', async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const seen: unknown[] = [];
  const note = (value: unknown): unknown => seen.push([value, performance.now() - 1000.5]);
  void later(30, 'later').then(note);
  void promisify(setTimeout)(10, 'promisified').then(note);
  void scheduler.wait(20).then(note);
  void scheduler.yield().then(note);
  void soon('soon').then(note);
  void promisify(setImmediate)('sooner').then(note);
  source.advance(0);
  await quiet();
  for (let step = 0; step < 3; step++) {
    source.advance(10);
    await quiet();
  }
  assert.deepEqual(seen, [
    [undefined, 0],
    ['soon', 0],
    ['sooner', 0],
    ['promisified', 10],
    [undefined, 20],
    ['later', 30],
  ]);
});

test('an abort clears what a promise waits for and leaves nothing on the signal', async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const { signal, ...controller } = parts(new AbortController());
  const waits = [later(5, 1, { signal }), scheduler.wait(5, { signal }), soon(1, { signal })];
  const done = later(1, 'done', { signal });
  source.advance(1);
  assert.equal(await done, 'done');
  assert.equal(await waits[2], 1);
  controller.abort('enough');
  for (const wait of waits.slice(0, 2)) {
    await assert.rejects(wait, { name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
  }
  await assert.rejects(later(5, 1, { signal }), { code: 'ABORT_ERR' });
  assert.equal(source.timers.size, 0);
  assert.deepEqual(getEventListeners(signal, 'abort'), []);
  await assert.rejects(later(5, 1, { signal: 3 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
  await assert.rejects(later('5' as never), { code: 'ERR_INVALID_ARG_TYPE' });
});

test('an interval of promises loses no tick, and ends with its loop', async () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const iterator = ticks(10, 'tick')[Symbol.asyncIterator]();
  const first = iterator.next();
  await quiet();
  source.advance(30);
  assert.deepEqual(
    [await first, await iterator.next(), await iterator.next()].map(({ value }) => value as unknown),
    ['tick', 'tick', 'tick'],
  );
  await iterator.return?.();
  assert.equal(source.timers.size, 0);
  const { signal, ...controller } = parts(new AbortController());
  const aborted = ticks(10, 'tick', { signal })[Symbol.asyncIterator]().next();
  await quiet();
  controller.abort();
  await assert.rejects(aborted, { code: 'ABORT_ERR' });
  assert.equal(source.timers.size, 0);
});

test('AbortSignal.timeout follows', () => {
  const source = new HandSource();
  using _ = installPlatform(source);
  const signal = AbortSignal.timeout(10);
  const any = AbortSignal.any([signal]);
  source.advance(9);
  assert.ok(!signal.aborted);
  source.advance(1);
  assert.ok(any.aborted);
  assert.equal((signal.reason as DOMException).name, 'TimeoutError');
  assert.throws(() => AbortSignal.timeout(-1), { code: 'ERR_OUT_OF_RANGE' });
});

function parts(controller: AbortController): { signal: AbortSignal; abort: (reason?: unknown) => void } {
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) };
}
