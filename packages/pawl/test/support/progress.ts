/**
 * What a driver owes Node's loop, and Node's loop our driver, on one thread: that neither starves the other. Bounds count turns of the
 * driver's loop, not time: a turn while "busy" takes a millisecond, so that threads and the kernel get to do their part.
 */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { mock, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { Driver, DriverClient } from '../../src/driver/driver.ts';
import { PENDING } from '../../src/future/poll.ts';
import { type Job, JobClient, pause, TestTimer, until } from './jobs.ts';

/** Turns after which something that waits for threads, the kernel or a timer counts as starved. */
const STARVED = 1000;

/** Always has ready work, and spends a millisecond on it; gives up when something has starved. */
class Busy implements DriverClient {
  turns = 0;
  stopped = false;
  onTurn: () => void = () => {};
  readonly #starved: (error: Error) => void;

  constructor(starved: (error: Error) => void) {
    this.#starved = starved;
  }

  turn(): number {
    if (this.stopped) return 0;
    this.onTurn();
    for (const end = performance.now() + 1; performance.now() < end;);
    if (++this.turns < STARVED) return 1;
    this.#starved(new Error(`no progress in ${STARVED} turns`));
    return 0;
  }

  stranded(): void {}
}

/** Runs something of Node's, begun in a turn of ours, while our loop has no pause; the turns that it took. */
async function whileBusy(driver: Driver, action: (busy: Busy) => Promise<unknown>): Promise<number> {
  const result = Promise.withResolvers<unknown>();
  const busy = new Busy(result.reject);
  busy.onTurn = () => {
    busy.onTurn = () => {};
    result.resolve(action(busy));
  };
  driver.schedule(busy);
  try {
    await result.promise;
  } finally {
    busy.stopped = true;
  }
  return busy.turns;
}

/** Runs something of Node's, begun in a turn of ours, while our loop sleeps until far later; the turns that it took. */
async function whileIdle(driver: Driver, action: () => Promise<unknown>): Promise<number> {
  const timer = new TestTimer();
  driver.timers.insert(timer, driver.now() + 3_600_000);
  let before = 0;
  let begun: Promise<unknown> | undefined;
  const begin = function* (): Job {
    yield* pause(driver, 1);
    before = driver.metrics.turns;
    begun = action();
  };
  try {
    await new JobClient(driver).run(begin());
    await begun;
    return driver.metrics.turns - before;
  } finally {
    driver.timers.cancel(timer);
  }
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Long enough for a loop that has nothing left to do to have left. */
async function nothingArmed(): Promise<void> {
  for (let i = 0; i < 5; i++) await immediate();
}

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** What Node offers, and how many turns of ours a single go may take while busy. Where others take part, only starvation counts. */
const actions: readonly (readonly [name: string, turns: number, action: () => Promise<unknown>])[] = [
  ['microtasks', 2, () => Promise.resolve().then(() => {})],
  ['ticks', 2, tick],
  ['immediates', 3, immediate],
  ['timers', STARVED, () => new Promise((resolve) => setTimeout(resolve, 5))],
  ['node:fs/promises', STARVED, () => readFile(import.meta.filename)],
  ['node:net', STARVED, echoOverNet],
  ['fetch', STARVED, fetchFromHttp],
  ['worker messages', STARVED, pingWorker],
  ['signals', STARVED, signalSelf],
];

export function progress(mode: string, getDriver: () => Driver): void {
  for (const [name, turns, action] of actions) {
    void test(`${mode}: ${name} make progress while our loop is busy`, async () => {
      const took = await whileBusy(getDriver(), action);
      assert.ok(took <= turns, `${took} turns`);
    });

    void test(`${mode}: ${name} make progress while our loop sleeps, and it does not spin`, async () => {
      const took = await whileIdle(getDriver(), action);
      assert.ok(took <= 200, `${took} turns`);
    });
  }

  void test(`${mode}: the ticks and microtasks of a turn have run before the next`, async () => {
    let [ticks, microtasks, missing] = [0, 0, 0];
    await whileBusy(getDriver(), async (busy) => {
      await new Promise<void>((resolve) => {
        let turns = 0;
        busy.onTurn = () => {
          if (ticks < turns || microtasks < turns) missing++;
          if (turns++ === 50) resolve();
          process.nextTick(() => ticks++);
          queueMicrotask(() => microtasks++);
        };
      });
    });
    assert.equal(missing, 0);
  });

  void test(`${mode}: a timer of Node's that is due waits for three turns at most`, async () => {
    let dueIn = Infinity;
    let late = Infinity;
    await whileBusy(getDriver(), async (busy) => {
      const due = performance.now() + 10 + 2;
      busy.onTurn = () => {
        if (performance.now() >= due && dueIn === Infinity) dueIn = busy.turns;
      };
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
      late = dueIn === Infinity ? 0 : busy.turns - dueIn;
    });
    assert.ok(late <= 3, `${late} turns`);
  });

  void test(`${mode}: our tasks make progress while Node has immediates without end`, async () => {
    const driver = getDriver();
    let rounds = 0;
    let go = true;
    const storm = (): void => {
      rounds++;
      if (go) setImmediate(storm);
    };
    setImmediate(storm);
    await new JobClient(driver).run(echoOverOurs(driver, 20), wakeItself(500));
    go = false;
    // A round trip takes a handful of turns, 500 polls take nine; each round of Node's gives us one at least.
    assert.ok(rounds <= 400, `${rounds} rounds`);
  });

  void test(`${mode}: our tasks make progress while Node has work for its threads without end`, async () => {
    const driver = getDriver();
    const state = { go: true, reads: 0 };
    const storm = async (): Promise<void> => {
      while (state.go) {
        await readFile(import.meta.filename);
        state.reads++;
      }
    };
    const storms = [storm(), storm(), storm()];
    const before = driver.metrics.turns;
    await new JobClient(driver).run(echoOverOurs(driver, 20), wakeItself(500));
    const turns = driver.metrics.turns - before;
    state.go = false;
    await Promise.all(storms);
    // Every completed read may cost a turn that brings us nothing.
    assert.ok(turns <= 400 + 20 * state.reads, `${turns} turns, ${state.reads} reads`);
  });

  void test(`${mode}: fake timers do not stop our loop`, async () => {
    const driver = getDriver();
    mock.timers.enable();
    try {
      await new JobClient(driver).run(pause(driver, 5));
    } finally {
      mock.timers.reset();
    }
  });

  void test(`${mode}: our loop does not run in the async context of whoever started it`, async () => {
    const driver = getDriver();
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    await nothingArmed();
    const job = function* (): Job {
      seen.push(storage.getStore());
      yield* pause(driver, 1);
      seen.push(storage.getStore());
    };
    await storage.run('a request', () => new JobClient(driver).run(job()));
    assert.deepEqual(seen, [undefined, undefined]);
  });

  void test(`${mode}: a client is given a turn for every schedule, and none for nothing`, async () => {
    const driver = getDriver();
    let turns = 0;
    const client: DriverClient = {
      turn: () => {
        turns++;
        driver.schedule(client); // during its own turn: nothing
        return 0;
      },
      stranded: () => {},
    };
    driver.schedule(client);
    driver.schedule(client);
    await immediate();
    await immediate();
    assert.equal(turns, 1);
  });
}

/** One wake-up after the other, from inside. */
function* wakeItself(times: number): Job {
  for (let i = 0; i < times; i++) {
    let polled = false;
    yield* until((cx) => {
      if (polled) return undefined;
      polled = true;
      cx.waker.wake();
      return PENDING;
    });
  }
}

/** Round trips over a TCP connection of ours. */
function* echoOverOurs(driver: Driver, times: number): Job {
  const listener = driver.net.tcpListen({ host: '127.0.0.1', port: 0, family: 4 }, {});
  const near = driver.net.tcpConnect(listener.local, {});
  yield* until((cx) => near.pollConnect(cx));
  const far = yield* until((cx) => listener.pollAccept(cx));
  const byte = new Uint8Array(1);
  for (let i = 0; i < times; i++) {
    yield* until((cx) => near.pollWrite(cx, byte));
    yield* until((cx) => far.pollRead(cx, byte));
    yield* until((cx) => far.pollWrite(cx, byte));
    yield* until((cx) => near.pollRead(cx, byte));
  }
  for (const handle of [near, far, listener]) handle.close();
}

async function echoOverNet(): Promise<void> {
  const server = createServer((socket) => void socket.pipe(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('ping');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'ping');
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

async function fetchFromHttp(): Promise<void> {
  const server = createHttpServer((_, response) => response.setHeader('connection', 'close').end('pong'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  assert.equal(await response.text(), 'pong');
  await new Promise((resolve) => server.close(resolve));
}

async function pingWorker(): Promise<void> {
  const script =
    "const { parentPort } = require('node:worker_threads'); parentPort.once('message', (m) => parentPort.postMessage(m + 1, []));";
  const worker = new Worker(script, { eval: true });
  worker.postMessage(41, []);
  const [answer] = (await once(worker, 'message')) as [number];
  assert.equal(answer, 42);
  await worker.terminate();
}

async function signalSelf(): Promise<void> {
  const signal = once(process, 'SIGWINCH');
  process.kill(process.pid, 'SIGWINCH');
  await signal;
}
