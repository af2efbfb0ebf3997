/** Merge: the values of several streams, as they come. */
import { PENDING } from '../future/poll.ts';
import { Pulling } from './pulling.ts';
import type { Outcome } from './retained.ts';
import { END, type End, type Source } from './source.ts';

/**
 * What must hold: of each source at most one value is taken ahead, so that back-pressure reaches every one of them; values come in the
 * order in which they were ready, so that none of the sources starves.
 */
export class Merging<T> extends Pulling<T> {
  readonly label = 'merge';
  private readonly inputs: readonly Source<T>[];
  /** Sources that are to be asked. */
  private idle: number[];
  private ready: { readonly index: number; readonly outcome: Outcome }[] = [];

  constructor(inputs: readonly Source<T>[]) {
    super();
    this.inputs = inputs;
    this.idle = inputs.map((_, index) => index);
  }

  protected override advance(): void {
    const { idle } = this;
    this.idle = [];
    for (const index of idle) this.running.add(index, (this.inputs[index] as Source<T>).next());
  }

  protected override ended(index: number, outcome: Outcome): void {
    if (outcome.failed || outcome.value !== END) this.ready.push({ index, outcome });
  }

  protected override take(): T | End | typeof PENDING {
    const [first] = this.ready;
    if (first === undefined) return this.idle.length === 0 && this.running.size === 0 ? END : PENDING;
    this.ready.shift();
    if (first.outcome.failed) throw first.outcome.value;
    this.idle.push(first.index);
    return first.outcome.value as T;
  }

  protected override sources(): readonly Source<T>[] {
    return this.inputs;
  }
}
