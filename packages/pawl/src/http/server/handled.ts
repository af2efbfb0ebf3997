/** What a handler has given: a value, a future (a generator is a coroutine's body), or a promise. */
import { start, type Steps } from '../../future/coroutine.ts';
import { Future } from '../../future/future.ts';
import { Stream } from '../../stream/stream.ts';
import { IncomingBody } from '../body.ts';

/** A generator as the coroutine that it stands for; anything else as it is. */
export function asFuture<T>(given: T): T | Future<never> {
  if (typeof given !== 'object' || given === null || given instanceof Future) return given;
  if (typeof (given as { next?: unknown }).next !== 'function') return given;
  const isGenerator = Object.prototype.toString.call(given) === '[object Generator]';
  return isGenerator ? start(() => given as unknown as Steps<never>) : given;
}

export function isThenable(value: unknown): value is PromiseLike<never> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Lets go of what stands behind an answer that will not be sent; what takes time is given to `letGo`. */
export function discardAnswer(answer: unknown, letGo: (future: Future<unknown>) => void): void {
  if (typeof answer !== 'object' || answer === null || !('body' in answer)) return;
  const { body } = answer;
  if (body instanceof IncomingBody) body.discard();
  else if (body instanceof ReadableStream && !body.locked) body.cancel('nobody waits for this answer').catch(() => {});
  else if (body instanceof Stream) letGo(body.close());
}
