/** A client of somebody else's on our runtime: Redis's own, against a real server where one is installed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ForeignServer, installed, ServerFolder } from '../../test/support/foreign-server.ts';
import { aborted, fromAbortable, withSignal } from './abort.ts';
import { fromPromise } from './promise.ts';
import { race } from '../future/race.ts';
import { Stream } from '../stream/index.ts';
import { run } from '../task/run.ts';
import { spawn } from '../task/spawn.ts';
import { timeout } from '../time/timeout.ts';

/** What the test uses of the client. */
interface Client {
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  destroy(): void;
  duplicate(): Client;
  get(key: string): Promise<string | null>;
  set(key: string, value: number): Promise<unknown>;
  blPop(key: string, timeout: number): Promise<unknown>;
  sendCommand(command: readonly string[]): Promise<string>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
}

/** Its types do not pass under our strictness, and where it is not installed the rest is still to be checked. */
const name: string = '@redis/client';
const library = (await import(name).catch(() => null)) as {
  createClient(options: { socket: { path: string; tls: false } }): Client;
} | null;

const program = installed('redis-server');

function reason(): string | false {
  if (library === null) return 'the client is not installed: npm ci';
  return program === null && 'redis-server is not installed on this machine';
}

test(
  "Redis's own client works on the runtime, concurrently, and lets go when it is cancelled",
  { skip: reason(), timeout: 60_000 },
  async () => {
    using folder = new ServerFolder('redis');
    const path = join(folder.path, 'socket');
    const args = ['--port', '0', '--unixsocket', path, '--save', '', '--dir', folder.path];
    await using _server = await ForeignServer.start(folder, program as string, args, 'eady to accept connections');
    const result = await run(function* () {
      const client = (library as NonNullable<typeof library>).createClient({ socket: { path, tls: false } });
      yield* fromPromise(client.connect());
      try {
        const numbers = Array.from({ length: 200 }, (_, n) => n);
        yield* Stream.from(numbers)
          .mapConcurrent(20, (n) => fromPromise(client.set(`key ${n}`, n * n)))
          .forEach(() => {});
        const values = yield* Stream.from(numbers)
          .mapConcurrent(20, (n) => fromPromise(client.get(`key ${n}`)))
          .toArray();
        assert.deepEqual(
          values,
          numbers.map((n) => String(n * n)),
        );
        // A command that waits for ever on a connection of its own, which the timeout takes down with it.
        const popping = fromAbortable(async (signal) => {
          const own = client.duplicate();
          signal.addEventListener('abort', () => own.destroy(), { once: true });
          await own.connect();
          return own.blPop('nothing', 0);
        });
        let code: unknown;
        try {
          yield* timeout(100, popping);
        } catch (error) {
          code = (error as { code?: unknown }).code;
        }
        // Its connection is gone, as soon as the server has seen that.
        while ((yield* fromPromise(client.sendCommand(['CLIENT', 'LIST']))).trim().split('\n').length > 1);
        const messages = spawn(
          withSignal(function* (signal) {
            const subscriber = client.duplicate();
            yield* fromPromise(subscriber.connect());
            const heard = Promise.withResolvers<string>();
            yield* fromPromise(subscriber.subscribe('news', heard.resolve));
            yield* fromPromise(client.publish('news', 'hello'));
            const message = yield* race([fromPromise(heard.promise), aborted(signal)]);
            subscriber.destroy();
            return message;
          }),
        );
        return [code, yield* messages];
      } finally {
        yield* fromPromise(client.close());
      }
    });
    assert.deepEqual(result, ['TIMEOUT', 'hello']);
  },
);
