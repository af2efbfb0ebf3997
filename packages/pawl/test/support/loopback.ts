/** Connections over the loopback interface for tests, and what a failed operation was. */
import assert from 'node:assert/strict';
import { PawlError } from '../../src/error/index.ts';
import type { Future } from '../../src/future/future.ts';
import { coroutine, type Steps } from '../../src/future/coroutine.ts';
import { join } from '../../src/future/join.ts';
import { TcpListener, TcpStream } from '../../src/net/index.ts';

/** A connected pair, closed with it. */
export interface Pair extends Disposable {
  readonly client: TcpStream;
  readonly server: TcpStream;
}

/** Two ends of a new connection over 127.0.0.1; its listener is closed already. */
export const pair: () => Future<Pair> = coroutine(function* (): Steps<Pair> {
  using listener = yield* TcpListener.bind(0);
  const [server, client] = yield* join([listener.accept(), TcpStream.connect(listener.localAddress)]);
  return {
    client,
    server,
    [Symbol.dispose]() {
      client.close();
      server.close();
    },
  };
});

/** Awaits a failure and gives it; fails when there is none. */
export const failure: (future: Future<unknown>) => Future<PawlError> = coroutine(function* (future: Future<unknown>) {
  try {
    yield* future;
  } catch (error) {
    assert.ok(error instanceof PawlError, `a PawlError was expected, got ${String(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: 'a failure was expected' });
});

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytes = (of: string): Uint8Array => new TextEncoder().encode(of);
