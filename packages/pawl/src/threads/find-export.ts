/** A function of a module, by its name, on the thread that is to call it. */
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

/** Throws a {@link Refusal} with NO_EXPORT, and what loading the module throws. */
export async function findExport(module: string, name: string): Promise<Callable> {
  const exports = (await import(module)) as Record<string, unknown>;
  const found = exports[name];
  if (typeof found === 'function') return found as Callable;
  const has = Object.keys(exports).filter((key) => typeof exports[key] === 'function');
  const those = has.length === 0 ? 'it exports no function' : `its functions are ${has.join(', ')}`;
  throw new Refusal({ refused: 'NO_EXPORT', message: `${module} exports no function "${name}": ${those}` });
}
