/** What tests run as tasks on other threads. */
import { threadId } from 'node:worker_threads';
import { coroutine } from '../../src/future/coroutine.ts';
import { TcpListener } from '../../src/net/index.ts';
import { File } from '../../src/fs/index.ts';
import { openFifoReader } from '../../src/process/index.ts';
import { CLOSED } from '../../src/sync/index.ts';
import { spawn } from '../../src/task/spawn.ts';
import { sleep } from '../../src/time/sleep.ts';
import {
  type ByteReceiver,
  type ByteSender,
  currentThread,
  type ThreadOneshotSender,
  type ThreadReceiver,
  type ThreadSender,
} from '../../src/threads/index.ts';

export default coroutine(function* entry(...args: readonly unknown[]) {
  yield* sleep(1);
  return { ...currentThread(), args };
});

export function whichThread(): number {
  return threadId;
}

export const sum = coroutine(function* sum(a: number, b: number) {
  const handle = spawn(function* () {
    yield* sleep(1);
    return a + b;
  });
  return yield* handle;
});

export const failing = coroutine(function* failing(ms: number) {
  yield* sleep(ms);
  throw Object.assign(new RangeError('as meant'), { code: 'E_MEANT' });
});

/** Fails on the thread with that index, once all others wait; those count their beginnings and their cleanups in shared memory. */
export const failsOn = coroutine(function* failsOn(index: number, cleanups: Int32Array) {
  const { index: own, count } = currentThread()!;
  if (own === index) {
    while (Atomics.load(cleanups, 1) < count - 1) yield* sleep(1);
    return yield* failing(0);
  }
  Atomics.add(cleanups, 1, 1);
  try {
    yield* sleep(60_000);
  } finally {
    yield* sleep(1);
    Atomics.add(cleanups, 0, 1);
  }
  return 'undisturbed';
});

/** Says that it has begun, waits, and says that it has cleaned up: 1, then 2, in shared memory. */
export const cleansUp = coroutine(function* cleansUp(stage: Int32Array) {
  try {
    set(stage, 1);
    yield* sleep(60_000);
  } finally {
    yield* sleep(1);
    set(stage, 2);
  }
});

function set(stage: Int32Array, value: number): void {
  Atomics.store(stage, 0, value);
  Atomics.notify(stage, 0);
}

export const failsInCleanup = coroutine(function* failsInCleanup(stage: Int32Array) {
  try {
    set(stage, 1);
    yield* sleep(60_000);
  } finally {
    yield* failing(0);
  }
});

export function exit(code: number): never {
  process.exit(code);
}

/** Dies by an error that no task has thrown. */
export const dies = coroutine(function* dies() {
  setImmediate(() => {
    throw new TypeError('from nowhere');
  });
  yield* sleep(60_000);
});

/** Never lets go of the thread. */
export function spin(stage: Int32Array): never {
  set(stage, 1);
  for (;;);
}

export const echo = coroutine(function* echo(input: ThreadReceiver<unknown>, output: ThreadSender<unknown>) {
  using _input = input;
  using _output = output;
  for (;;) {
    const message = yield* input.recv();
    if (message === CLOSED) return 'ended';
    yield* output.send(message);
  }
});

/** Says whether a message's port is one. */
export const opens = coroutine(function* opens(input: ThreadReceiver<unknown>, output: ThreadSender<unknown>) {
  using _input = input;
  using _output = output;
  const { port } = (yield* input.recv()) as { port: unknown };
  const opened = port instanceof MessagePort;
  if (opened) port.close();
  yield* output.send(opened ? 'opened' : 'no port');
});

export const echoBytes = coroutine(function* echoBytes(input: ByteReceiver, output: ByteSender) {
  using _input = input;
  using _output = output;
  const buffer = new Uint8Array(1000);
  for (;;) {
    const count = yield* input.read(buffer);
    if (count === 0) return;
    yield* output.writeAll(buffer.subarray(0, count));
  }
});

export const answer = coroutine(function* answer(reply: ThreadOneshotSender<string>) {
  using _closes = reply;
  yield* sleep(1);
  reply.send('the answer');
});

/** Holds an end of a channel until it is killed. */
export const holds = coroutine(function* holds(stage: Int32Array, _end: Disposable) {
  set(stage, 1);
  yield* sleep(60_000);
});

/** Sends what is small and what is large, and dies. */
export const sendsAndDies = coroutine(function* sendsAndDies(output: ThreadSender<unknown>) {
  yield* output.send('small');
  yield* output.send(new Uint8Array(10_000));
  process.exit(1);
});

/** Listens on a port that others share, tells it, and answers each connection with its index. */
export const listens = coroutine(function* listens(port: number, told: ThreadSender<number>) {
  using listener = yield* TcpListener.bind(port, { reusePort: true });
  yield* told.send(listener.localAddress.port);
  told.close();
  for (;;) {
    using connection = yield* listener.accept();
    yield* connection.writeAll(Uint8Array.of(currentThread()!.index));
  }
});

/** Dies at the first attempt, throws at the second. */
export const succeedsAt3 = coroutine(function* succeedsAt3(attempt: number) {
  if (attempt === 1) process.exit(1);
  if (attempt === 2) yield* failing(0);
  return 'at last';
});

/** Holds a file and a FIFO until it is killed. */
export const holdsFiles = coroutine(function* holdsFiles(stage: Int32Array, file: string, fifo: string) {
  using _file = yield* File.open(file);
  using _fifo = yield* openFifoReader(fifo);
  set(stage, 1);
  yield* sleep(60_000);
});

/** Opens and closes a FIFO and files by turns, which get each other's numbers; what Node has warned of. */
export const reopens = coroutine(function* reopens(file: string, fifo: string) {
  const warnings: string[] = [];
  const listen = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', listen);
  for (let n = 0; n < 5; n++) {
    (yield* openFifoReader(fifo)).close();
    (yield* File.open(file)).close();
  }
  yield* sleep(1);
  process.off('warning', listen);
  return warnings.filter((message) => message.includes('descriptor'));
});
