/** A worker thread that serves TLS: says its port, greets whoever comes, and ends when it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { coroutine, fromPromise, race, run } from '../../src/index.ts';
import { TlsListener } from '../../src/net/index.ts';

const told = new Promise((resolve) => parentPort!.once('message', resolve));

const serve = coroutine(function* () {
  using listener = yield* TlsListener.bind(0, workerData as { cert: string; key: string });
  parentPort!.postMessage(listener.localAddress.port, []);
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
