/** A worker thread that serves TLS: says its port, greets whoever comes, and ends when it is told to; or one that shakes hands without end. */
import { parentPort, workerData } from 'node:worker_threads';
import { coroutine, fromPromise, join, race, run } from '../../src/index.ts';
import { type TlsConnectOptions, TlsListener, type TlsListenOptions, TlsStream } from '../../src/net/index.ts';

const told = new Promise((resolve) => parentPort!.once('message', resolve));

const shakeHands = coroutine(function* (listener: TlsListener, trusting: TlsConnectOptions | undefined) {
  for (;;) {
    const [far, near] = yield* join([listener.accept(), TlsStream.connect(listener.localAddress, trusting)]);
    near.close();
    far.close();
  }
});

const serve = coroutine(function* () {
  const { endless, trusting, ...serving } = workerData as TlsListenOptions & {
    endless?: boolean;
    trusting?: TlsConnectOptions;
  };
  using listener = yield* TlsListener.bind(0, serving);
  parentPort!.postMessage(listener.localAddress.port, []);
  if (endless === true) yield* shakeHands(listener, trusting);
  for (;;) {
    using stream = yield* listener.accept();
    yield* stream.writeAll(new TextEncoder().encode('hello from a worker'));
    yield* stream.shutdown();
    yield* stream.read(new Uint8Array(1));
  }
});

await run(function* () {
  yield* race([serve(), fromPromise(told)]);
});
