/** A source of the platform's time, moved by hand; it draws bytes that count up, and fires timers in order. */
import type { PlatformSource, TimerTerms, TimerToken } from '../../src/testing/platform/source.ts';

interface Armed {
  readonly callback: () => void;
  readonly delay: number;
  readonly terms: TimerTerms;
  due: number;
}

/** 2026-03-01T12:00:00.250Z, with a quarter of a millisecond. */
export const EPOCH = Date.UTC(2026, 2, 1, 12, 0, 0, 250) + 0.25;

export class HandSource implements PlatformSource {
  on = true;
  now = 1000.5;
  refused: string[] = [];
  readonly timers = new Map<number, Armed>();
  private readonly immediates = new Map<number, () => void>();
  private last = 0;
  private drawn = 0;

  active(): boolean {
    return this.on;
  }

  wallTime(): number {
    return EPOCH - 1000.5 + this.now;
  }

  monotonic(): number {
    return this.now;
  }

  random(): number {
    return 0.125;
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.drawn++ & 0xff;
  }

  setTimer(callback: () => void, delay: number, terms: TimerTerms): TimerToken {
    this.timers.set(++this.last, { callback, delay, terms, due: this.now + delay });
    return this.last;
  }

  clearTimer(token: TimerToken): void {
    this.timers.delete(token as number);
    this.immediates.delete(token as number);
  }

  immediate(callback: () => void): TimerToken {
    this.immediates.set(++this.last, callback);
    return this.last;
  }

  refuse(call: string): never {
    this.refused.push(call);
    throw new Error(`refused: ${call}`);
  }

  /** Runs immediates, then what is due in the next `ms`, in order. */
  advance(ms: number): void {
    const soon = new Map(this.immediates);
    for (const [token, callback] of soon) if (this.immediates.delete(token)) callback();
    const until = this.now + ms;
    for (;;) {
      const next = [...this.timers].sort(([, a], [, b]) => a.due - b.due)[0];
      if (next === undefined || next[1].due > until) break;
      const [token, timer] = next;
      this.now = timer.due;
      if (timer.terms.repeat) timer.due += timer.delay;
      else this.timers.delete(token);
      timer.callback();
    }
    this.now = until;
  }
}
