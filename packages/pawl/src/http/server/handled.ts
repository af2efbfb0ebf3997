/** What a handler has given: a value, a future (a generator is a coroutine's body), or a promise. */
import { AsyncResource } from 'node:async_hooks';
import { start, type Steps } from '../../future/coroutine.ts';
import { Future } from '../../future/future.ts';
import { Stream } from '../../stream/stream.ts';
import { keepAsyncContext } from '../../task/async-context.ts';
import { IncomingBody } from '../body.ts';
import type { Handled } from './options.ts';
import type { ServerRequest } from './request.ts';

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

/** A handler in the asynchronous context `base`; what it changes in it stays with its request. */
export function inAsyncContext(
  handler: (request: ServerRequest) => Handled,
  base: AsyncResource,
): (request: ServerRequest) => Handled {
  const handle = (request: ServerRequest): Handled => {
    const handled = asFuture(handler(request));
    return handled instanceof Future ? keepAsyncContext(handled) : handled;
  };
  return (request) =>
    base.runInAsyncScope(() => new AsyncResource('pawl.Request').runInAsyncScope(() => handle(request)));
}

/** Lets go of what stands behind an answer that will not be sent; what takes time is given to `letGo`. */
export function discardAnswer(answer: unknown, letGo: (future: Future<unknown>) => void): void {
  if (typeof answer !== 'object' || answer === null || !('body' in answer)) return;
  const { body } = answer;
  if (body instanceof IncomingBody) body.discard();
  else if (body instanceof ReadableStream && !body.locked) body.cancel('nobody waits for this answer').catch(() => {});
  else if (body instanceof Stream) letGo(body.close());
}
