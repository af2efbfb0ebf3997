import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { ManualDriver } from '../../test/support/manual-driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { yieldNow } from '../future/ready.ts';
import { sleep } from '../time/sleep.ts';
import type { PollEvent, TaskEvent } from './channels.ts';
import { Runtime } from './runtime.ts';
import { spawn } from './spawn.ts';

const two = coroutine(function* () {
  yield* yieldNow();
  yield* sleep(5);
});

test('metrics count tasks, polls, wakes and turns, and say what is there now', () => {
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const threads = { live: 0, tasks: 0, calls: 0, ends: 0 };
  const none = { tasks: { live: 0, spawned: 0, ended: 0 }, polls: 0, wakes: 0, ready: 0, turns: 0 };
  assert.deepEqual(runtime.metrics, {
    ...none,
    timers: 0,
    ioWaiters: 0,
    descriptors: 0,
    openFiles: 0,
    signalListeners: 0,
    fileOperations: 0,
    childProcesses: 0,
    threads,
  });
  runtime.spawn(two());
  runtime.spawn(two());
  const { ready, wakes, polls } = runtime.metrics;
  assert.deepEqual([ready, wakes, polls], [2, 2, 0]);
  driver.drain();
  assert.deepEqual(runtime.metrics, {
    tasks: { live: 2, spawned: 2, ended: 0 },
    polls: 4,
    wakes: 4,
    ready: 0,
    turns: 1,
    timers: 2,
    ioWaiters: 0,
    descriptors: 0,
    openFiles: 0,
    signalListeners: 0,
    fileOperations: 0,
    childProcesses: 0,
    threads,
  });
  driver.advance(5);
  const { tasks, ...rest } = runtime.metrics;
  assert.deepEqual(tasks, { live: 0, spawned: 2, ended: 2 });
  assert.equal(rest.polls, 6);
});

test('the channels tell of spawns, wakes, polls and ends, in their order, while somebody listens', () => {
  const log: string[] = [];
  const names = ['spawn', 'wake', 'poll', 'end'].map((what) => `pawl:task:${what}`);
  const listen = (event: unknown, name: string | symbol): void => {
    const { task, took, runtime: where } = event as TaskEvent & Partial<PollEvent>;
    assert.equal(where, runtime);
    log.push(`${String(name).slice(10)} ${task.name} ${task.state}${took === undefined ? '' : ` ${took}`}`);
  };
  const driver = new ManualDriver();
  const runtime = new Runtime(driver, { mode: 'production' });
  const main = (): void =>
    void runtime.spawn(
      function* () {
        driver.time += 3;
        yield* spawn(sleep(1), { name: 'child' });
      },
      { name: 'main' },
    );
  for (const name of names) subscribe(name, listen);
  try {
    main();
    driver.advance(10);
  } finally {
    for (const name of names) unsubscribe(name, listen);
  }
  assert.deepEqual(log, [
    'spawn main waiting',
    'wake main ready',
    'spawn child waiting',
    'wake child ready',
    'poll main waiting 3',
    'poll child waiting 0',
    'wake child ready',
    'end child done',
    'wake main ready',
    'poll child done 0',
    'end main done',
    'poll main done 0',
  ]);
  log.length = 0;
  main();
  driver.advance(10);
  assert.deepEqual(log, []);
});

test('the page of the documentation has every figure, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/observability.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name!);
  const names = (of: object, before = ''): string[] =>
    Object.entries(of).flatMap(([key, value]) =>
      typeof value === 'object' ? names(value as object, `${before}${key}.`) : [`${before}${key}`],
    );
  const { metrics } = new Runtime(new ManualDriver(), { mode: 'production' });
  assert.deepEqual(told.toSorted(), names(metrics).toSorted());
});
