/**
 * Fibers: blocking C functions made awaitable on one thread, by machine code that switches stacks. Experimental.
 *
 * A C function that runs on a fiber may call back into JavaScript, and JavaScript may take its time: the fiber parks, the thread goes on, and
 * the answer resumes it. JavaScript itself never runs on a fiber's stack.
 */
export type { CallOptions } from './activation.ts';
export { CFunction, type CFunctions, functionAt, library, type LibraryName } from './c-function.ts';
export { abandonedFibers, Call, call, callNow, callWith } from './call.ts';
export { type Answer, Callback, callback, type CallbackOptions } from './callback.ts';
export { HandmadeStack, type StackWord } from './handmade-stack.ts';
export { Memory } from './memory.ts';
export { pollDescriptors } from './poll-descriptors.ts';
export { copyBytes, offset, peek, poke, setBytes, text } from './peek.ts';
export { redirect, type RedirectOptions } from './redirect.ts';
export { RoundRobin } from './round-robin.ts';
export type { Stored } from './stored.ts';
export type {
  Addressable,
  ArgumentsFromC,
  ArgumentsToC,
  CArgument,
  CType,
  CValues,
  FromC,
  Pointer,
  Signature,
  ToC,
} from './types.ts';
