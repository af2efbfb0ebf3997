/**
 * The body of a pool's thread: makes one call after another, and sends what each gives or throws.
 *
 * What must hold: every call gets one answer, also when what it gives cannot be sent.
 */
import { constants, runInThisContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { buffersOf } from './buffers.ts';
import { packError } from './carried-error.ts';
import { type Callable, findExport, Refusal } from './find-export.ts';
import type { AnswerMessage, Callee, CallMessage } from './messages.ts';

const port = parentPort!;

async function resolve(callee: Callee): Promise<Callable> {
  if ('source' in callee) {
    // It sees the globals of the thread, and nothing of this module.
    return runInThisContext(
      `(${callee.source}
)`,
      {
        filename: `pawl-function:${callee.name}`,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      },
    ) as Callable;
  }
  return findExport(callee.module, callee.name);
}

/** A variable that a function by its source has left behind. */
function missingName(callee: Callee, error: unknown): string | undefined {
  if (!('source' in callee) || !(error instanceof ReferenceError)) return undefined;
  return /^(\S+) is not defined$/.exec(error.message)?.[1];
}

async function answer({ callee, args, moveResult }: CallMessage): Promise<void> {
  let value: unknown;
  try {
    const fn = await resolve(callee);
    value = await Reflect.apply(fn, undefined, args);
  } catch (error) {
    const name = missingName(callee, error);
    if (error instanceof Refusal) port.postMessage(error.answer);
    else if (name === undefined) port.postMessage({ error: packError(error) } satisfies AnswerMessage);
    else {
      const message = `${callee.name || 'the function'} uses ${name}, which is not of its own: a function that runs on another thread takes all it needs as arguments, or is an export of a module`;
      port.postMessage({ refused: 'NOT_SELF_CONTAINED', message, error: packError(error) } satisfies AnswerMessage);
    }
    return;
  }
  try {
    port.postMessage({ value } satisfies AnswerMessage, moveResult ? buffersOf(value) : []);
  } catch (error) {
    const message = `what ${callee.name || 'the function'} gives cannot be sent to another thread: ${(error as Error).message}`;
    port.postMessage({ refused: 'NOT_CLONEABLE', message, error: packError(error) } satisfies AnswerMessage);
  }
}

port.on('message', (call: CallMessage) => void answer(call));
port.on('messageerror', (error: Error) => {
  const message = `the arguments of a call cannot be read on its thread: ${error.message}`;
  port.postMessage({ refused: 'NOT_CLONEABLE', message, error: packError(error) } satisfies AnswerMessage);
});
