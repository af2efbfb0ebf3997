/** Worker threads of Node's from a coroutine: questions and answers over a port of their own, failures, and the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { join } from '../future/join.ts';
import { mapConcurrent } from '../future/map-concurrent.ts';
import { race } from '../future/race.ts';
import { yieldNow } from '../future/ready.ts';
import { oneshot, type OneshotSender } from '../sync/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { on, once } from './events.ts';
import { fromPromise } from './promise.ts';

/** Answers each number with its square, but nothing to those below zero; fails at zero. */
const SQUARES = `
  const { workerData: port } = require('node:worker_threads');
  port.on('message', ([id, n]) => {
    if (n === 0) throw new RangeError('zero');
    if (n > 0) port.postMessage([id, n * n]);
  });
`;

type Answer = readonly [id: number, square: number];

/** A thread, and the questions that it has not answered yet. */
class Squarer {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly asked = new Map<number, OneshotSender<number>>();
  private last = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.worker = new Worker(SQUARES, { eval: true, workerData: port2, transferList: [port2] });
    this.port = port1;
  }

  /** Its square; cancelling it forgets the question. */
  ask(n: number): Future<number> {
    return asking(this, n, ++this.last);
  }

  /** Hands the answers to those who have asked, until the thread ends; throws what it has failed with. */
  serve(): Future<unknown> {
    const answers = on<[Answer]>(this.port, 'message', { end: ['close'] });
    const serving = answers.forEach(([[id, square]]) => void this.asked.get(id)?.send(square));
    return join([serving, once(this.worker, 'exit')]);
  }
}

const asking = coroutine(function* (squarer: Squarer, n: number, id: number) {
  const [sender, receiver] = oneshot<number>();
  squarer.asked.set(id, sender);
  try {
    squarer.port.postMessage([id, n], []);
    return yield* receiver.recv();
  } finally {
    squarer.asked.delete(id);
  }
});

/** A thread for as long as a body runs: however that ends, the thread has ended then. */
const withSquarer = coroutine(function* (squarer: Squarer, body: Future<unknown>) {
  try {
    return yield* race([squarer.serve(), body]);
  } finally {
    yield* fromPromise(squarer.worker.terminate());
  }
});

/** The thread is gone, and nothing listens to it or waits for it. */
function assertGone({ worker, port, asked }: Squarer): void {
  assert.equal(worker.threadId, -1);
  assert.equal(asked.size, 0);
  assert.deepEqual([port.listenerCount('message'), port.listenerCount('close')], [0, 0]);
  assert.deepEqual([worker.listenerCount('exit'), worker.listenerCount('error')], [0, 0]);
}

describe('a worker thread with a port', { timeout: 60_000 }, () => {
  test('answers many who ask at once, each his own question', async () => {
    const squarer = new Squarer();
    const numbers = Array.from({ length: 500 }, (_, n) => n + 1);
    const squares = await run(
      withSquarer(
        squarer,
        mapConcurrent(numbers, 50, (n) => squarer.ask(n)),
      ),
    );
    assert.deepEqual(
      squares,
      numbers.map((n) => n * n),
    );
    assertGone(squarer);
  });

  test('a question that is cancelled is forgotten, and the others are answered', async () => {
    const squarer = new Squarer();
    const body = coroutine(function* () {
      const unanswered = spawn(squarer.ask(-1));
      yield* yieldNow();
      assert.equal(squarer.asked.size, 1);
      unanswered.abort();
      const square = yield* squarer.ask(7);
      assert.equal(unanswered.state, 'cancelled');
      return square;
    });
    assert.equal(await run(withSquarer(squarer, body())), 49);
    assertGone(squarer);
  });

  test('its failure is thrown to whoever uses it, and those who wait for an answer are cancelled', async () => {
    const squarer = new Squarer();
    const log: string[] = [];
    const body = coroutine(function* () {
      try {
        yield* join([squarer.ask(-1), squarer.ask(0)]);
      } finally {
        log.push('cancelled');
      }
    });
    await assert.rejects(run(withSquarer(squarer, body())), /RangeError: zero|zero/);
    assert.deepEqual(log, ['cancelled']);
    assertGone(squarer);
  });

  test('a program that is cancelled while it waits for an answer has ended its thread when it has ended itself', async () => {
    const squarer = new Squarer();
    const controller = new AbortController();
    const body = coroutine(function* () {
      assert.equal(yield* squarer.ask(3), 9);
      // Not at once: when it waits again.
      setImmediate(() => controller.abort('enough'));
      yield* squarer.ask(-1);
    });
    await assert.rejects(run(withSquarer(squarer, body()), { signal: controller.signal }), { code: 'CANCELLED' });
    assertGone(squarer);
  });
});
