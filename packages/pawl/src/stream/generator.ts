/**
 * Compiled async generators: what corofy makes of `coroutine(async function* (…) { … yield value; … })`.
 *
 * What must hold: a call gives a stream that is, in all that can be seen of it, the one that `stream(function* (emit) { … })` gives: a `yield`
 * is an `emit` of what it has awaited.
 */
import { CompiledCoroutine } from '../future/compiled.ts';
import type { Future } from '../future/future.ts';
import type { Emit } from './emit.ts';
import { stream, type Stream } from './stream.ts';

/** The coroutine that gives the stream's values. */
export abstract class CompiledGenerator extends CompiledCoroutine<void> {
  declare emit: Emit<unknown> | null;

  constructor() {
    super();
    this.emit = null;
  }

  /** Called by the step: what a `yield` waits for. */
  give(value: unknown): Future<void> {
    return (this.emit as Emit<unknown>)(value);
  }
}

/** Called by a compiled function, when it is called: its stream, of which nothing has run. */
export function beginStream(frame: CompiledGenerator): Stream<unknown> {
  return stream((emit) => {
    frame.emit = emit;
    return frame;
  });
}
