/** The other threads' part in the round trips of Pawl. */
import { CLOSED, coroutine, type Future } from 'pawl';
import type { ByteReceiver, ByteSender, ThreadReceiver, ThreadSender } from 'pawl/threads';
import { BYTES, type Ping } from './measures.ts';

export function ready(): void {}

export const echo: (input: ThreadReceiver<Ping>, output: ThreadSender<Ping>) => Future<void> = coroutine(function* (
  input: ThreadReceiver<Ping>,
  output: ThreadSender<Ping>,
) {
  for (;;) {
    const message = yield* input.recv();
    if (message === CLOSED) return;
    yield* output.send(message);
  }
});

export const echoBytes: (input: ByteReceiver, output: ByteSender) => Future<void> = coroutine(function* (
  input: ByteReceiver,
  output: ByteSender,
) {
  const buffer = new Uint8Array(BYTES);
  for (;;) {
    const count = yield* input.read(buffer);
    if (count === 0) return;
    yield* output.writeAll(buffer.subarray(0, count));
  }
});
