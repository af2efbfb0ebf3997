/**
 * Guest mode: libuv's loop owns the thread and watches our queue's descriptor; our turns are ordinary callbacks of Node.
 *
 * What must hold:
 * - The C callback does nothing but ask for an immediate: it must not throw (that aborts the process), and ticks and microtasks are not
 *   drained after it. The immediate runs in the same iteration of libuv's loop.
 * - Our timers stand behind one timer of Node's, set for the earliest; it may fire early or for nothing, which costs a turn.
 * - Main thread only: a worker that is terminated with such a handle open aborts the process.
 */
import { isMainThread } from 'node:worker_threads';
import { PawlError } from '../../error/index.ts';
import * as uv from '../../sys/uv.ts';
import { type Loop, KeepAlive, type Turns } from './loop.ts';
import { clock, dropTimeout, nextImmediate, outside, startTimeout } from './platform.ts';

/** setTimeout takes more for a mistake, and fires at once. */
const LONGEST = 0x7fffffff;

export class GuestLoop implements Loop {
  readonly mode = 'guest';
  readonly #turns: Turns;
  readonly #keepAlive = new KeepAlive();
  #held = false;
  #pending = false;
  #inTurn = false;
  #timer: NodeJS.Timeout | null = null;
  /** The tick that the timer is set for. */
  #timerTick = Infinity;

  constructor(turns: Turns) {
    if (!isMainThread) {
      throw new PawlError('BAD_ARGUMENT', 'guest mode works on the main thread only: use host mode in a worker');
    }
    this.#turns = turns;
    turns.timers.alarm = Infinity;
    turns.timers.onEarlier = () => this.#settle();
    turns.timers.onEmpty = () => this.#settle();
    turns.background.alarm = Infinity;
    turns.background.onEarlier = () => this.#settle();
    turns.reactor.onLive = () => this.#settle();
    turns.reactor.onQuiet = () => this.#settle();
    uv.watch(turns.reactor.fd, () => this.#ask());
  }

  arm(): void {
    if (!this.#inTurn) outside(() => this.#ask());
  }

  suspend(): void {}

  resume(): void {
    this.#settle();
  }

  #ask(): void {
    if (this.#pending) return;
    this.#pending = true;
    nextImmediate(this.#enter);
  }

  readonly #enter = (): void => {
    this.#pending = false;
    this.#inTurn = true;
    this.#turns.timers.alarm = -1;
    this.#turns.background.alarm = -1;
    try {
      this.#turns.turn(0);
    } finally {
      this.#inTurn = false;
      this.#settle();
    }
  };

  /** Makes handles and timer match what is live now. */
  #settle(): void {
    if (this.#inTurn) return;
    const turns = this.#turns;
    const live = turns.isLive();
    if (live !== this.#held) {
      this.#held = live;
      if (live) this.#keepAlive.hold();
      else this.#keepAlive.drop();
    }
    if (turns.isReady()) this.#ask();
    const next = Math.min(turns.timers.next(), turns.background.next());
    if (next < this.#timerTick) this.#setTimer(next);
    // The first timer of all is always told of, however early Node's is set: with it something of ours becomes live.
    turns.timers.alarm = turns.timers.size > 0 ? this.#timerTick : Infinity;
    turns.background.alarm = this.#timerTick;
  }

  #setTimer(tick: number): void {
    if (this.#timer !== null) dropTimeout(this.#timer);
    const delay = Math.min(Math.max(Math.ceil(tick - clock()), 1), LONGEST);
    this.#timerTick = tick;
    this.#timer = outside(() => startTimeout(this.#onTimer, delay)).unref();
  }

  readonly #onTimer = (): void => {
    this.#timer = null;
    this.#timerTick = Infinity;
    this.#enter();
  };
}
