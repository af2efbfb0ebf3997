/**
 * `pawl serve --threads N`: the same handler on several threads, whose listeners share the port.
 *
 * What must hold: the first thread chooses the port, so that `--port 0` is one port; the address is printed when all listen. A thread that
 * fails or dies ends the command; a signal stops all of them, and each answers what is under way first.
 */
import { coroutine, type Future, join, PawlError, race, spawn, type Steps } from '../index.ts';
import { fromPromise } from '../node/promise.ts';
import { aborted } from '../node/abort.ts';
import {
  spawnOn,
  type Thread,
  threadOneshot,
  type ThreadOneshotReceiver,
  type ThreadOneshotSender,
  withThreads,
} from '../threads/index.ts';
import { loadHandler, print } from './handler.ts';
import type { ServeCommandOptions } from './serve-options.ts';
import { serve } from '../http/index.ts';

const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const here = new URL(`./serve-threads.${suffix}`, import.meta.url);

/** Where a thread listens. */
interface Listening {
  readonly url: string;
  readonly port: number;
}

/** Serves until a signal comes. */
export const servingOnThreads: (
  file: string,
  args: readonly string[],
  options: ServeCommandOptions,
  stop: AbortSignal,
) => Future<void> = coroutine(function* serving(
  file: string,
  args: readonly string[],
  options: ServeCommandOptions,
  stop: AbortSignal,
): Steps<void> {
  const { threads: count, deadline } = options;
  // What is under way has its time, and some more for the cleanup of what has not ended in it.
  const stopTimeout = deadline + 5000;
  yield* withThreads({ count, name: 'server', stopTimeout }, function* (threads) {
    const stops: ThreadOneshotSender<true>[] = [];
    let { port } = options;
    let url = '';
    const start = coroutine(function* (thread: Thread, port: number) {
      const [told, listening] = threadOneshot<Listening>();
      const [stopper, stopped] = threadOneshot<true>();
      stops.push(stopper);
      const given = { ...options, port };
      const task = spawn(spawnOn(thread, here, 'serveHere', [file, args, given, told, stopped]), { name: thread.name });
      using _closes = listening;
      // It tells where it listens, or fails before.
      return yield* race([listening.recv(), never(task)]);
    });
    try {
      const first = yield* start(threads[0]!, port);
      ({ port, url } = first);
      yield* join(threads.slice(1).map((thread) => start(thread, port)));
      process.stdout.write(`listening on ${url}\n`);
      yield* aborted(stop);
    } finally {
      for (const stopper of stops) stopper.close();
    }
  });
});

/** Fails with the task, and does not end otherwise. */
const never = coroutine(function* (task: Future<unknown>): Steps<never> {
  yield* task;
  throw new PawlError('CLOSED', 'a thread serves no more, though nobody has told it to stop');
});

/** One thread's part: serves until the other end of `stop` is closed. */
export const serveHere: (
  file: string,
  args: readonly string[],
  options: ServeCommandOptions,
  told: ThreadOneshotSender<Listening>,
  stop: ThreadOneshotReceiver<true>,
) => Future<void> = coroutine(function* serveHere(
  file: string,
  args: readonly string[],
  { port, host, log, deadline }: ServeCommandOptions,
  told: ThreadOneshotSender<Listening>,
  stop: ThreadOneshotReceiver<true>,
): Steps<void> {
  using _stop = stop;
  const handler = yield* fromPromise(loadHandler(file, args));
  const server = yield* serve({ ...handler, port, host, reusePort: true, ...(log ? { onExchange: print } : {}) });
  told.send({ url: server.url, port: server.port });
  yield* race([server.closed, stop.ended()]);
  yield* server.close({ deadline });
});
