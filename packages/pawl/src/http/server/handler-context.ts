/**
 * HandlerContext: the context of a handler's own call, before it has given anything.
 *
 * What must hold: what a handler spawns in that call belongs to its request, as what its future spawns does; a request that spawns nothing
 * pays two assignments for that. Handlers are called one at a time, so one context serves all connections.
 */
import type { Context, RuntimeRef, Waker } from '../../future/context.ts';
import { current, setCurrent } from '../../future/register.ts';

/** Whose handler is called. */
export interface Caller {
  /** The scope of what belongs to the request at hand. */
  nursery(): unknown;
}

export class HandlerContext implements Context {
  private outer: Context | null = null;
  private caller: Caller | null = null;

  /** Calls a handler in the poll of `cx`. */
  call<A, R>(cx: Context, caller: Caller, handler: (argument: A) => R, argument: A): R {
    const previous = current;
    this.outer = cx;
    this.caller = caller;
    setCurrent(this);
    try {
      return handler(argument);
    } finally {
      setCurrent(previous);
      this.outer = null;
      this.caller = null;
    }
  }

  private get cx(): Context {
    return this.outer as Context;
  }

  get waker(): Waker {
    return this.cx.waker;
  }

  get runtime(): RuntimeRef {
    return this.cx.runtime;
  }

  get overdue(): boolean {
    return this.cx.overdue;
  }

  get task(): object {
    return this.cx.task;
  }

  nursery(): unknown {
    return (this.caller as Caller).nursery();
  }

  collect(error: unknown): void {
    this.cx.collect(error);
  }

  armCleanup(expired: () => void): Disposable {
    return this.cx.armCleanup(expired);
  }

  reportOverrun(code: 'CLEANUP_TIMEOUT' | 'CLEANUP_ABANDONED'): void {
    this.cx.reportOverrun(code);
  }
}
