/**
 * The body of a thread that runs tasks: an executor and an event queue of its own, and the orders of whoever has started it.
 *
 * What must hold: every order to run gets one answer. Each task is a main of its own: what it spawns ends with it, and cancelling it runs its
 * cleanup here before the answer is sent. When the thread is to stop it cancels what runs, and ends when nothing of it is left.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { coroutine, futureOf } from '../future/coroutine.ts';
import { Future } from '../future/future.ts';
import { fromPromise } from '../node/promise.ts';
import { run } from '../task/run.ts';
import { packError } from './carried-error.ts';
import { receiveArguments } from './channel/moving.ts';
import { type ThreadInfo, setCurrentThread } from './current.ts';
import { findExport, Refusal } from './find-export.ts';
import type { AnswerMessage, TaskAnswer, TaskOrder } from './messages.ts';
import type { Boot } from './worker.ts';

const port = parentPort!;
const running = new Map<number, AbortController>();
let stopping = false;
/** The order to run that came last. */
let last = 0;

setCurrentThread((workerData as Boot).data as ThreadInfo);

const calling = coroutine(function* (fn: (...args: readonly unknown[]) => unknown, args: readonly unknown[]) {
  const made = Reflect.apply(fn, undefined, args);
  if (typeof made !== 'object' || made === null) return made;
  if (made instanceof Future || Object.prototype.toString.call(made) === '[object Generator]')
    return yield* futureOf(made, fn.name);
  if (typeof (made as PromiseLike<unknown>).then === 'function')
    return yield* fromPromise(made as PromiseLike<unknown>);
  return made;
});

async function perform({ id, module, name, args }: TaskOrder & { order: 'run' }): Promise<void> {
  last = id;
  const controller = new AbortController();
  running.set(id, controller);
  // Taken up at once: its other end may wait for it, and whoever closes it is the function.
  const received = receiveArguments(args);
  let answer: AnswerMessage;
  try {
    const fn = await findExport(module, name);
    answer = { value: await run(calling(fn, received), { name, signal: controller.signal }) };
  } catch (error) {
    answer = error instanceof Refusal ? error.answer : { error: packError(error) };
  }
  running.delete(id);
  try {
    port.postMessage({ id, answer } satisfies TaskAnswer);
  } catch (error) {
    const message = `what ${name} gives cannot be sent to another thread: ${(error as Error).message}`;
    const refusal: AnswerMessage = { refused: 'NOT_CLONEABLE', message, error: packError(error) };
    port.postMessage({ id, answer: refusal } satisfies TaskAnswer);
  }
  if (stopping) endIfIdle();
}

/** Without the port nothing of ours keeps the thread: it ends when what the tasks have left of Node's has. */
function endIfIdle(): void {
  if (running.size === 0) port.close();
}

port.on('messageerror', (error: Error) => {
  // Only arguments can be unreadable, and orders to run are numbered without a gap.
  const message = `the arguments of a task cannot be read on its thread: ${error.message}`;
  const answer: AnswerMessage = { refused: 'NOT_CLONEABLE', message, error: packError(error) };
  port.postMessage({ id: ++last, answer } satisfies TaskAnswer);
});

port.on('message', (order: TaskOrder) => {
  if (order.order === 'run') void perform(order);
  else if (order.order === 'cancel') running.get(order.id)?.abort(order.reason);
  else {
    stopping = true;
    for (const controller of running.values()) controller.abort('the thread is to end');
    endIfIdle();
  }
});
