/**
 * The delay server on a thread of its own, for whoever blocks the main thread, as several rungs of the ladder do on purpose.
 *
 * What must hold: its log is told when it is closed, whole and in order. Lines of two threads would otherwise mix as they please.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PawlError } from 'pawl';

/** What the thread tells first, and last. */
export type FromThread = { readonly port: number } | { readonly log: readonly string[] };

export interface DelayServerThread extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
  /** Lets the requests under way be answered, ends the thread, and gives the log: the same again when it is called again. */
  close(): Promise<readonly string[]>;
}

/** Starts the server; resolves when it listens. */
export async function startDelayServer(): Promise<DelayServerThread> {
  const worker = new Worker(new URL('thread-main.ts', import.meta.url));
  const host = '127.0.0.1';
  const { port } = (await told(worker)) as { readonly port: number };
  let closed: Promise<readonly string[]> | undefined;
  const close = async (): Promise<readonly string[]> => {
    const ended = once(worker, 'exit');
    worker.postMessage('close', []);
    const { log } = (await told(worker)) as { readonly log: readonly string[] };
    await ended;
    return log;
  };
  const closeOnce = (): Promise<readonly string[]> => (closed ??= close());
  return {
    host,
    port,
    url: `http://${host}:${port}`,
    close: closeOnce,
    [Symbol.asyncDispose]: async () => void (await closeOnce()),
  };
}

/** The thread's next message. Rejects if the thread fails or ends instead. */
async function told(worker: Worker): Promise<FromThread> {
  const ended = once(worker, 'exit').then(([code]) => {
    throw new PawlError('CLOSED', `the delay server's thread has ended with ${code}`);
  });
  const [message] = (await Promise.race([once(worker, 'message'), ended])) as [FromThread];
  ended.catch(() => {}); // it ends some time: that is no failure any more
  return message;
}
