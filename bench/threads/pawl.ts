/** Round trips between threads in Pawl. The other thread is started once: the measure is of messages. */
import { CLOSED, coroutine, run, spawn } from 'pawl';
import {
  byteChannel,
  type ByteReceiver,
  type ByteSender,
  spawnOn,
  threadChannel,
  type ThreadReceiver,
  type ThreadSender,
  withThreads,
} from 'pawl/threads';
import type { Implementation } from '../harness/measure.ts';
import { BYTES, type Ping, ping, SPIN_MS } from './measures.ts';
import { pinApart } from './pin.ts';

const echoes = new URL('echoes.ts', import.meta.url);

interface Pair {
  readonly out: ThreadSender<Ping>;
  readonly back: ThreadReceiver<Ping>;
}

interface BytePair {
  readonly out: ByteSender;
  readonly back: ByteReceiver;
}

/** Channels to another thread and back, which lives until this process is ended. */
function connect<P>(name: string, pair: P, ends: readonly unknown[], spin: number): Promise<P> {
  return new Promise((resolve, reject) => {
    run(
      withThreads({ count: 1 }, function* ([thread]) {
        const echoing = spawn(spawnOn(thread!, echoes, name, ends));
        // It is there when it has answered once.
        yield* spawnOn(thread!, echoes, 'ready');
        if (spin > 0) pinApart();
        resolve(pair);
        yield* echoing;
      }),
    ).catch(reject);
  });
}

function connectMessages(spin: number): Promise<Pair> {
  const [out, input] = threadChannel<Ping>(16, { spin });
  const [output, back] = threadChannel<Ping>(16, { spin });
  return connect('echo', { out, back }, [input, output], spin);
}

function connectBytes(spin: number): Promise<BytePair> {
  const [out, input] = byteChannel(4096, { spin });
  const [output, back] = byteChannel(4096, { spin });
  return connect('echoBytes', { out, back }, [input, output], spin);
}

const messages = coroutine(function* ({ out, back }: Pair, n: number) {
  let sum = 0;
  for (let id = 0; id < n; id++) {
    yield* out.send(ping(id));
    const message = yield* back.recv();
    if (message === CLOSED) break;
    sum += message.id;
  }
  return sum;
});

const bytes = coroutine(function* ({ out, back }: BytePair, n: number) {
  const buffer = new Uint8Array(BYTES);
  const words = new Float64Array(buffer.buffer);
  let sum = 0;
  for (let id = 0; id < n; id++) {
    words[0] = id;
    yield* out.writeAll(buffer);
    for (let at = 0; at < BYTES;) at += yield* back.read(buffer.subarray(at));
    sum += words[0];
  }
  return sum;
});

/** Made by the first run. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const sleeping = once(() => connectMessages(0));
const awake = once(() => connectMessages(SPIN_MS));
const sleepingBytes = once(() => connectBytes(0));
const awakeBytes = once(() => connectBytes(SPIN_MS));

export default {
  messages: async (n) => run(messages(await sleeping(), n)),
  spinning: async (n) => run(messages(await awake(), n)),
  bytes: async (n) => run(bytes(await sleepingBytes(), n)),
  spinningBytes: async (n) => run(bytes(await awakeBytes(), n)),
} satisfies Implementation;
