/**
 * Starting a thread of Node's with a body of ours, and hearing of its end.
 *
 * What must hold: whichever way a thread ends (by itself, by `process.exit`, by an error, terminated) what it has opened is closed: files by
 * Node, which remembers them, everything else here, because a terminated thread runs no cleanup, and the descriptors of one that ends well (its
 * event queue's among them) are not Node's. Its end is told once, after that.
 */
import { Worker, type Transferable } from 'node:worker_threads';
import { outside } from '../driver/native/platform.ts';
import { nativeDriver } from '../driver/native/index.ts';
import { PawlError } from '../error/index.ts';
import { threadCounts } from '../task/metrics.ts';

/** What `boot.ts` is started with. */
export interface Boot {
  /** Modules to import before the body. */
  readonly preload: readonly string[];
  readonly body: string;
  readonly descriptors: Int32Array<SharedArrayBuffer>;
  readonly data: unknown;
}

/** How a thread has ended. */
export interface WorkerEnd {
  readonly code: number;
  /** What it has failed with; null when it ended by itself, was terminated, or called `process.exit`. */
  readonly failure: { readonly error: unknown } | null;
}

export interface WorkerOptions {
  readonly name: string;
  readonly data?: unknown;
  readonly transfer?: readonly Transferable[];
  readonly onEnd: (end: WorkerEnd) => void;
}

/** One bit for each descriptor that the kernel's default limit allows: see sys/descriptors.ts, whose table it becomes. */
const TABLE_BYTES = (1 << 20) / 8;

/** Threads that this one has started and that have not ended. */
export function liveThreads(): number {
  return threadCounts.live;
}

export function startWorker(body: 'answer-calls' | 'run-tasks', options: WorkerOptions): Worker {
  const suffix = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const descriptors = new Int32Array(new SharedArrayBuffer(TABLE_BYTES));
  const boot: Boot = {
    preload: ((globalThis as { [key: symbol]: unknown })[Symbol.for('pawl.preload')] as string[] | undefined) ?? [],
    body: new URL(`./${body}${suffix}`, import.meta.url).href,
    descriptors,
    data: options.data,
  };
  const { name, transfer = [] } = options;
  // Whoever asks first starts a thread that serves many: its events belong to nobody's context.
  const worker = outside(
    () =>
      // By a line of code and not by the file: a process that was itself started by one (`node --input-type=module -e`) refuses files.
      new Worker(`import(${JSON.stringify(new URL(`./boot${suffix}`, import.meta.url).href)})`, {
        eval: true,
        name,
        workerData: boot,
        transferList: [...transfer],
      }),
  );
  threadCounts.live++;
  let failure: WorkerEnd['failure'] = null;
  worker.on('error', (error: unknown) => (failure ??= { error }));
  worker.once('exit', (code) => {
    threadCounts.live--;
    // Looked at first, so that who has used no driver needs none.
    if (descriptors.some((word) => word !== 0)) nativeDriver().threads.reclaim(descriptors);
    options.onEnd({ code, failure });
  });
  return worker;
}

/** What whoever waits for a thread gets when that ends without an answer. */
export function threadEnded(name: string, { code, failure }: WorkerEnd): PawlError {
  if (failure === null)
    return new PawlError('THREAD_ENDED', `${name} has ended, with code ${code}, before it had answered`);
  const { error } = failure;
  const said = error instanceof Error ? error.message : String(error);
  return new PawlError('THREAD_ENDED', `${name} has failed: ${said}`, { cause: error });
}
