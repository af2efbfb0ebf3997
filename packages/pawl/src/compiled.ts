/**
 * What code that corofy has compiled imports. No program needs it by hand, and it changes with the compiler: use versions of
 * both that belong together.
 */
import { setAdopter } from './future/awaitable.ts';
import { fromPromise } from './node/promise.ts';

setAdopter(fromPromise);

export { awaitable } from './future/awaitable.ts';
export {
  begin,
  CompiledCoroutine,
  isPending,
  Machine,
  named,
  type Step,
  type Suspension,
  withMachine,
} from './future/compiled.ts';
export { delegation } from './future/delegation.ts';
export { Disposer } from './future/disposer.ts';
export { delegate, iterate, iterateAsync, Iteration, keysOf } from './future/iteration.ts';
export {
  assigned,
  constant,
  destructurable,
  immutable,
  invoke,
  live,
  propertyKey,
  restOf,
  tagOf,
  UNSET,
} from './future/language.ts';
export { relink } from './future/frame.ts';
export { Future } from './future/future.ts';
export { PENDING } from './future/poll.ts';
export { current } from './future/register.ts';
export { beginStream, CompiledGenerator } from './stream/generator.ts';
