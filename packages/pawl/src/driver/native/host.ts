/**
 * Host mode: our loop owns the thread. It sleeps in our queue, with libuv's descriptor nested in it, and hands the thread over whenever
 * libuv has something to do.
 *
 * What must hold:
 * - We run inside a `setImmediate` callback and leave it by returning: libuv makes one iteration and comes back to us in its check phase.
 *   While we stay, Node's ticks and microtasks are drained before every sleep, and libuv is asked how long it can wait.
 * - We leave when libuv's timeout is 0 or its descriptor is ready, so that a busy loop of ours delays Node by one turn at most.
 * - Whatever is thrown by Node's callbacks in the drain goes out through ours to Node's own handlers, and we come back after it.
 * - While nothing of ours is live, no handle of ours is referenced and no immediate is pending; background timers ring by a timer of
 *   Node's that is not referenced either.
 */
import * as uv from '../../sys/uv.ts';
import { BackgroundBell } from './background.ts';
import { type Loop, KeepAlive, type Turns } from './loop.ts';
import { drainTicks, dropImmediate, nextImmediate, nextTick, outside } from './platform.ts';

export class HostLoop implements Loop {
  readonly mode = 'host';
  readonly #turns: Turns;
  readonly #keepAlive = new KeepAlive();
  readonly #libuv: number;
  readonly #bell: BackgroundBell;
  #armed = false;
  /** Whether ticks can be drained here; undefined until tried. */
  #drains: boolean | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
    this.#libuv = uv.backendFd();
    turns.reactor.nest(this.#libuv);
    turns.timers.alarm = Infinity;
    turns.timers.onEarlier = () => this.arm();
    this.#bell = new BackgroundBell(turns.background, () => this.#ring());
    turns.reactor.onLive = () => this.arm();
  }

  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#turns.timers.alarm = -1;
    this.#bell.rest();
    this.#keepAlive.hold();
    outside(() => nextImmediate(this.#enter));
  }

  /** In edge mode the descriptor still ends a wait when a worker is terminated, but does not keep on ending it. */
  suspend(): void {
    this.#turns.reactor.retrigger(this.#libuv, 'edge');
  }

  resume(): void {
    this.#turns.reactor.retrigger(this.#libuv, 'level');
  }

  readonly #enter = (): void => {
    // While an immediate runs, Node's idle handle keeps libuv's timeout at 0. Adding one and taking it away makes Node count
    // again, and stop the handle.
    dropImmediate(nextImmediate(noop));
    const turns = this.#turns;
    const { reactor } = turns;
    try {
      this.#drains ??= probeDrain();
      // What has run since may have taken away the last thing of ours that was live (blockOn has, at the latest): nothing would end a
      // sleep then, because the handle that keeps the process alive is still referenced.
      while (turns.isLive()) {
        // Asked after everything that may have called Node, right before the sleep. Without the update libuv would count from its
        // last iteration, which may be long ago.
        uv.updateTime();
        const timeout = uv.backendTimeout();
        turns.turn(timeout);
        if (timeout === 0 || reactor.foreignReady || !this.#drains) break;
        drainTicks!();
      }
    } finally {
      reactor.foreignReady = false;
      if (turns.isLive()) nextImmediate(this.#enter);
      else this.#disarm();
    }
  };

  #disarm(): void {
    this.#armed = false;
    this.#turns.timers.alarm = Infinity;
    this.#keepAlive.drop();
    this.#bell.set();
  }

  /** A background timer is due while nothing of ours is live, but something of Node's keeps the process running. */
  #ring(): void {
    if (this.#armed) return;
    this.#turns.turn(0);
    if (this.#turns.isLive()) this.arm();
    else if (!this.#armed) this.#bell.set();
  }
}

function noop(): void {}

/** Node's drain of ticks is not documented: see whether it is there and does run them. */
function probeDrain(): boolean {
  if (drainTicks === undefined) return false;
  let ran = false;
  nextTick(() => {
    ran = true;
  });
  drainTicks();
  return ran;
}
