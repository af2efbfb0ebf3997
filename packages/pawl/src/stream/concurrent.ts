/** MapConcurrent of a stream: futures made of its values, so many at a time. */
import { start, type Body } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { PENDING } from '../future/poll.ts';
import { Pulling } from './pulling.ts';
import type { Outcome } from './retained.ts';
import { END, type End, type Source } from './source.ts';

/** The index of the source's own next among the running futures. */
const PULL = -1;

/**
 * What must hold: the values that have been taken from the source and not been given are at most `limit`, those included that have ended
 * and wait for an earlier one.
 */
export class Concurrent<T, U> extends Pulling<U> {
  readonly label = 'mapConcurrent';
  private readonly source: Source<T>;
  private readonly limit: number;
  private readonly make: Body<[T, number], U>;
  private readonly ordered: boolean;
  /** Numbers of the values: taken from the source, and, in order, given. */
  private taken = 0;
  private given = 0;
  private pulling = false;
  private exhausted = false;
  /** Ended and not given, by number; in the order of their ends where order does not matter. */
  private readonly done = new Map<number, Outcome>();

  constructor(source: Source<T>, limit: number, make: Body<[T, number], U>, ordered: boolean) {
    super();
    this.source = source;
    this.limit = limit;
    this.make = make;
    this.ordered = ordered;
  }

  protected override advance(): void {
    if (this.pulling || this.exhausted || this.taken - this.given >= this.limit) return;
    this.pulling = true;
    this.running.add(PULL, this.source.next());
  }

  protected override ended(index: number, outcome: Outcome): void {
    if (index !== PULL) {
      this.done.set(index, outcome);
      return;
    }
    this.pulling = false;
    if (outcome.failed) {
      this.exhausted = true;
      this.done.set(this.taken++, outcome);
    } else if (outcome.value === END) this.exhausted = true;
    else this.begin(outcome.value as T);
    this.advance();
  }

  private begin(value: T): void {
    const index = this.taken++;
    let future: Future<U>;
    try {
      future = start(this.make, value, index);
    } catch (error) {
      this.done.set(index, { failed: true, value: error });
      return;
    }
    this.running.add(index, future);
  }

  protected override take(): U | End | typeof PENDING {
    const index = this.ordered ? this.given : (this.done.keys().next().value ?? -1);
    const outcome = this.done.get(index);
    if (outcome === undefined) return this.exhausted && this.taken === this.given ? END : PENDING;
    this.done.delete(index);
    this.given++;
    if (outcome.failed) throw outcome.value;
    return outcome.value as U;
  }

  protected override sources(): readonly Source<T>[] {
    return [this.source];
  }

  protected override nameOf(index: number): string {
    return index === PULL ? 'source' : String(index);
  }
}
