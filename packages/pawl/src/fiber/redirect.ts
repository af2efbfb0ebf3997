/**
 * Redirecting a library's import: what an unmodified library calls of another becomes a callback, so that a blocking call becomes a wait.
 *
 * What must hold: the library calls the original wherever it does not run on a fiber of this thread, and after the redirection has ended.
 */
import { PawlError } from '../error/index.ts';
import { symbolsOf } from '../sys/ffi/index.ts';
import { importsOf, replaceImport } from '../sys/fiber/imports.ts';
import { type Answer, type CallbackOptions, makeCallback } from './callback.ts';
import { CFunction } from './c-function.ts';
import { type ArgumentsFromC, type CArgument, checkObject, type CType } from './types.ts';

export interface RedirectOptions<A extends readonly CArgument[], R extends CType> extends CallbackOptions<A, R> {
  /** Any function of the library whose calls are to be redirected. */
  readonly within: CFunction;
  /** The function that it calls. */
  readonly symbol: string;
}

/**
 * From now on the library that has the function `within` calls `answer` instead of the function `symbol`, as long as it runs on a fiber of this
 * thread; on other threads and stacks it calls the original. Dispose of the result to undo it.
 *
 * It changes a word of the library's memory for the whole process. A thread that ends without undoing it leaves calls going to the original
 * only while that thread's code is mapped, which it stays.
 *
 * Errors: FUNCTION_NOT_FOUND when the library does not call that function, or not through its table of imports; BAD_ARGUMENT; LIMIT_EXCEEDED.
 */
export function redirect<const A extends readonly CArgument[], const R extends CType>(
  options: RedirectOptions<A, R>,
  answer: (...args: ArgumentsFromC<A>) => Answer<R>,
): Disposable {
  checkObject(() => 'the options of a redirection', options);
  const { within, symbol } = options;
  if (!(within instanceof CFunction)) {
    throw new PawlError('BAD_ARGUMENT', 'redirect needs a C function of the library, as `within`');
  }
  const words = importsOf(within.addressForC, symbol);
  if (words.length === 0) {
    throw new PawlError('FUNCTION_NOT_FOUND', `the library of ${within.name} does not import ${symbol}`);
  }
  const original = Number(symbolsOf(null)(symbol));
  const callback = makeCallback({ name: symbol, ...options }, answer, original);
  const ours = callback.addressForC;
  const before = words.map((word) => replaceImport(word, ours, null));
  return {
    [Symbol.dispose]: () => {
      for (const [i, word] of words.entries()) replaceImport(word, before[i]!, ours);
      callback[Symbol.dispose]();
    },
  };
}
