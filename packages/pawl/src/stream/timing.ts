/** Throttle and debounce: streams that watch the clock. Times are in milliseconds on the driver's clock. */
import { driverOf } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { sleep } from '../time/sleep.ts';
import { Pulling } from './pulling.ts';
import type { Outcome } from './retained.ts';
import { END, type End, type Source } from './source.ts';

/** What must hold: between two values there are at least so many ms; nothing is dropped, the source is asked later instead. */
export class Throttling<T> implements Source<T> {
  private readonly source: Source<T>;
  private readonly ms: number;
  /** When the next value may come. */
  private due = -Infinity;

  constructor(source: Source<T>, ms: number) {
    this.source = source;
    this.ms = ms;
  }

  next(): Future<T | End> {
    return new Paced(this);
  }

  close(): Future<void> {
    return this.source.close();
  }

  /** @internal What is to be awaited now. */
  step(now: number): { readonly pause: Future<void> } | { readonly value: Future<T | End> } {
    return now < this.due ? { pause: sleep(this.due - now) } : { value: this.source.next() };
  }

  /** @internal */
  gave(now: number): void {
    this.due = now + this.ms;
  }
}

class Paced<T> extends Future<T | End> {
  private readonly throttling: Throttling<T>;
  private pause: Future<void> | null = null;
  private value: Future<T | End> | null = null;
  private done = false;

  constructor(throttling: Throttling<T>) {
    super();
    this.throttling = throttling;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.pause ?? this.value;
  }

  get label(): string {
    return 'throttle';
  }

  override poll(cx: Context): Poll<T | End> {
    if (this.done) throw alreadyCompleted('next of a stream');
    if (this.awaited === null) this.advance(cx);
    if (this.pause !== null) {
      if (this.pause.poll(cx) === PENDING) return PENDING;
      this.pause = null;
      this.advance(cx);
    }
    this.done = true;
    const value = (this.value as Future<T | End>).poll(cx);
    if (value === PENDING) this.done = false;
    else if (value !== END) this.throttling.gave(driverOf(cx).now());
    return value;
  }

  private advance(cx: Context): void {
    const step = this.throttling.step(driverOf(cx).now());
    if ('pause' in step) this.pause = step.pause;
    else this.value = step.value;
  }

  override cancel(cx: Context): Poll<void> {
    this.done = true;
    return this.awaited === null ? undefined : this.awaited.cancel(cx);
  }
}

/**
 * What must hold: a value is given when so many ms have passed since it came and no other has; a later one takes its place. What is held
 * back when the source ends is given at once.
 */
export class Debouncing<T> extends Pulling<T> {
  readonly label = 'debounce';
  private readonly source: Source<T>;
  private readonly ms: number;
  private asking = false;
  private exhausted = false;
  private failure: { readonly error: unknown } | null = null;
  private held: { readonly value: T; readonly since: number } | null = null;
  /** A timer is set: for the value that is held, or one that was before it; then it is set again when it has fired. */
  private timing = false;
  /** The clock that this poll sees. */
  private now = 0;

  constructor(source: Source<T>, ms: number) {
    super();
    this.source = source;
    this.ms = ms;
  }

  protected override advance(): void {
    const { held } = this;
    if (!this.asking && !this.exhausted) {
      this.asking = true;
      this.running.add(SOURCE, this.source.next());
    }
    if (held !== null && !this.timing) {
      this.timing = true;
      this.running.add(TIMER, sleep(Math.max(held.since + this.ms - this.now, 0)));
    }
  }

  protected override ended(index: number, { failed, value }: Outcome): void {
    if (index === TIMER) {
      this.timing = false;
      return;
    }
    this.asking = false;
    this.exhausted = failed || value === END;
    if (failed) this.failure = { error: value };
    else if (value !== END) this.held = { value: value as T, since: this.now };
  }

  protected override take(cx: Context): Poll<T | End> {
    this.now = driverOf(cx).now();
    const { held, failure } = this;
    if (held !== null && (this.exhausted || this.now - held.since >= this.ms)) {
      this.held = null;
      return held.value;
    }
    this.failure = null;
    if (failure !== null) throw failure.error;
    if (!this.exhausted) return PENDING;
    this.running.drop(TIMER, cx);
    return END;
  }

  protected override sources(): readonly Source<T>[] {
    return [this.source];
  }

  protected override nameOf(index: number): string {
    return index === TIMER ? 'timer' : 'source';
  }
}

const SOURCE = 0;
const TIMER = 1;
