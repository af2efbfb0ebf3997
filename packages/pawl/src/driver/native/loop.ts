/** What the two ways of running beside libuv have in common. */
import type { TimerWheel } from '../wheel.ts';
import { outside, startInterval } from './platform.ts';
import type { Reactor } from './reactor.ts';

/** Which event loop owns the thread: ours, with libuv's nested in it, or libuv's, with ours nested in it. */
export type LoopMode = 'host' | 'guest';

/** Who makes the driver's turns happen. */
export interface Loop {
  readonly mode: LoopMode;
  /** Something of ours can make progress or waits for something: turns must happen until nothing is live. Cheap and idempotent. */
  arm(): void;
  /** Around `block`, during which libuv does not run. */
  suspend(): void;
  resume(): void;
}

/** The driver, as its loop sees it. */
export interface Turns {
  readonly timers: TimerWheel;
  /** They keep nothing alive, but fire as long as something else does. */
  readonly background: TimerWheel;
  readonly reactor: Reactor;
  /** One turn: looks at I/O (waiting at most so many ms; -1: for ever), then at timers, then polls ready tasks. */
  turn(timeout: number): void;
  /** Tasks are ready. */
  isReady(): boolean;
  /** Tasks are ready, or a timer or a waker is stored: something of ours keeps the process alive. */
  isLive(): boolean;
}

/** setInterval's longest period: the handle is there to be referenced, not to fire. */
const LONGEST = 0x7fffffff;

/** Keeps the process alive while it is held. */
export class KeepAlive {
  #handle: NodeJS.Timeout | null = null;

  hold(): void {
    if (this.#handle === null) this.#handle = outside(() => startInterval(() => {}, LONGEST));
    else this.#handle.ref();
  }

  drop(): void {
    this.#handle?.unref();
  }
}
