/** A function of a module, by its name, on the thread that is to call it. */
import { packError } from './carried-error.ts';
import type { AnswerMessage } from './messages.ts';

/** A call that cannot be made: what to answer. */
export class Refusal extends Error {
  readonly answer: AnswerMessage;

  constructor(answer: AnswerMessage) {
    super('the call cannot be made');
    this.answer = answer;
  }
}

export type Callable = (...args: readonly unknown[]) => unknown;

/** Throws a {@link Refusal} with NO_EXPORT, or NO_MODULE and what loading the module throws. */
export async function findExport(module: string, name: string): Promise<Callable> {
  let exports: Record<string, unknown>;
  try {
    exports = (await import(module)) as Record<string, unknown>;
  } catch (error) {
    const message = `${module} cannot be loaded on another thread: ${error instanceof Error ? error.message : String(error)}`;
    throw new Refusal({ refused: 'NO_MODULE', message, error: packError(error) });
  }
  const found = exports[name];
  if (typeof found === 'function') return found as Callable;
  const has = Object.keys(exports).filter((key) => typeof exports[key] === 'function');
  const those = has.length === 0 ? 'it exports no function' : `its functions are ${has.join(', ')}`;
  throw new Refusal({ refused: 'NO_EXPORT', message: `${module} exports no function "${name}": ${those}` });
}
