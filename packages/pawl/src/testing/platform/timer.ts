/**
 * The objects that `setTimeout`, `setInterval` and `setImmediate` return while the platform follows a source: what Node's can do.
 *
 * What must hold: a callback runs in the async context in which its timer was made, with the timer as `this`. A timer that has fired can
 * be refreshed, one that was cleared cannot.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { PlatformSource, TimerToken } from './source.ts';

/** Called with the timer as `this`. */
export type TimerCallback = (this: unknown, ...args: unknown[]) => void;

/** Timers whose number somebody has asked for: what `clearTimeout` of a number finds. */
export class TimerNumbers {
  private readonly timers = new Map<number, Timeout>();
  private last = 0;

  add(timer: Timeout, token: TimerToken): number {
    const number = typeof token === 'number' ? token : ++this.last;
    this.timers.set(number, timer);
    return number;
  }

  get(id: unknown): Timeout | undefined {
    return typeof id === 'number' || typeof id === 'string' ? this.timers.get(Number(id)) : undefined;
  }

  delete(number: number): void {
    this.timers.delete(number);
  }
}

/** As Node's class of this name. */
export class Timeout implements Disposable {
  readonly #source: PlatformSource;
  readonly #numbers: TimerNumbers;
  readonly #callback: () => void;
  readonly #delay: number;
  readonly #repeat: boolean;
  /** Undefined while it is not armed. */
  #token: { readonly is: TimerToken } | undefined;
  #referenced = true;
  #cleared = false;
  #number: number | undefined;

  constructor(
    source: PlatformSource,
    numbers: TimerNumbers,
    callback: TimerCallback,
    delay: unknown,
    args: unknown[],
    repeat: boolean,
  ) {
    this.#source = source;
    this.#numbers = numbers;
    this.#delay = milliseconds(delay);
    this.#repeat = repeat;
    const inContext = AsyncLocalStorage.snapshot();
    this.#callback = () => {
      if (!repeat) this.#token = undefined;
      try {
        inContext(() => callback.apply(this, args));
      } finally {
        if (this.#token === undefined) this.#forget();
      }
    };
    this.#arm();
  }

  /** It counts as something to wait for, which it does from the start. */
  ref(): this {
    return this.#refer(true);
  }

  /** Nothing need wait for it. */
  unref(): this {
    return this.#refer(false);
  }

  hasRef(): boolean {
    return this.#referenced && this.#token !== undefined;
  }

  /** Begins its delay anew. */
  refresh(): this {
    if (this.#cleared) return this;
    if (this.#token !== undefined) this.#source.clearTimer(this.#token.is);
    this.#arm();
    return this;
  }

  /** Clears it. */
  close(): this {
    this.#cleared = true;
    if (this.#token !== undefined) this.#source.clearTimer(this.#token.is);
    this.#token = undefined;
    this.#forget();
    return this;
  }

  /** A number that `clearTimeout` understands. */
  [Symbol.toPrimitive](): number {
    return (this.#number ??= this.#numbers.add(this, this.#token?.is));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #arm(): void {
    const terms = { repeat: this.#repeat, unref: !this.#referenced };
    this.#token = { is: this.#source.setTimer(this.#callback, this.#delay, terms) };
  }

  #refer(on: boolean): this {
    if (on !== this.#referenced && this.#token !== undefined) this.#source.refTimer?.(this.#token.is, on);
    this.#referenced = on;
    return this;
  }

  #forget(): void {
    if (this.#number !== undefined) this.#numbers.delete(this.#number);
  }
}

/** As Node's class of this name. */
export class Immediate implements Disposable {
  readonly #source: PlatformSource;
  #token: { readonly is: TimerToken } | undefined;
  #referenced = true;

  constructor(source: PlatformSource, callback: TimerCallback, args: unknown[]) {
    this.#source = source;
    const inContext = AsyncLocalStorage.snapshot();
    const call = (): void => {
      this.#token = undefined;
      inContext(() => callback.apply(this, args));
    };
    this.#token = { is: source.immediate(call) };
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced && this.#token !== undefined;
  }

  [Symbol.dispose](): void {
    if (this.#token !== undefined) this.#source.clearTimer(this.#token.is);
    this.#token = undefined;
  }
}

/** Longer delays are mistakes that Node takes for 1, and says so; see its `setTimeout`. */
const LONGEST = 0x7fffffff;

function milliseconds(delay: unknown): number {
  const number = Math.trunc(Number(delay ?? 1));
  return number >= 1 && number <= LONGEST ? number : 1;
}
