/**
 * Compiled coroutines: what corofy makes of `coroutine(async (…) => …)`, driven as a generator coroutine is.
 *
 * What must hold: everything that coroutine.ts promises. A function's code is one `step`, called with the state to go on at and the value
 * that this state is given; it returns the result, or PENDING after `suspend`. Which state an error, and a cancellation, goes to from each
 * suspension is in the machine's table, so a coroutine without `try` is never entered to be thrown into or returned from.
 */
import { refused } from './awaitable.ts';
import type { Context } from './context.ts';
import { creations } from './creations.ts';
import { Frame, relink, resume } from './frame.ts';
import { alreadyCompleted, cleanupTimeout, Future } from './future.ts';
import type { Place } from './place.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from './poll.ts';
import { beginOverdue, current, mode, NORMAL, OVERDUE, setMode } from './register.ts';
import { collectFailure, release, selfAwait, under } from './release.ts';
import { appendCaller, appendPlace } from './trace.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

/** True for PENDING: what compiled code compares with from where the engine knows no constant of it. */
export function isPending(value: unknown): boolean {
  return value === PENDING;
}

/** A suspension: its state, its line and column in the source, and the states to which an error and a return go (0: out). */
export type Suspension = readonly [state: number, line: number, column: number, onError: number, onReturn: number];

/** What all calls of one compiled function share. */
export class Machine {
  readonly name: string;
  readonly onError: number[] = [];
  readonly onReturn: number[] = [];
  private readonly file: string;
  private readonly suspensions: readonly Suspension[];

  constructor(name: string, file: string, suspensions: readonly Suspension[]) {
    this.name = name;
    this.file = file.replace(/^file:\/\//, '');
    this.suspensions = suspensions;
    const states = Math.max(0, ...suspensions.map(([state]) => state)) + 1;
    for (let state = 0; state < states; state++) {
      this.onError.push(0);
      this.onReturn.push(0);
    }
    for (const [state, , , onError, onReturn] of suspensions) {
      this.onError[state] = onError;
      this.onReturn[state] = onReturn;
    }
  }

  /** Where the await of this state is, as `file:line:column`. */
  place(state: number): string {
    const at = this.suspensions.find(([candidate]) => candidate === state);
    return at === undefined ? this.file : `${this.file}:${at[1]}:${at[2]}`;
  }
}

/** Goes on at a state. `late`: past the deadline of a cleanup, where each await is to throw. */
export type Step = (
  frame: CompiledCoroutine<unknown>,
  cx: Context,
  state: number,
  value: unknown,
  late?: boolean,
) => unknown;

/** States that no machine has. */
const RUNNING = -1;
const RETURNED = -2;
const ENDED = -3;

/** Where a coroutine stands in its cancellation. */
const LIVE = 0;
const CANCELLING = 1;
const CLEANUP = 2;

export abstract class CompiledCoroutine<T> extends Frame<T> {
  /** On the prototype. */
  declare readonly machine: Machine;
  /** On the prototype, or a closure of the call. */
  declare readonly step: Step;
  /** The state to go on at; 0 before the first poll. */
  declare state: number;
  declare private phase: number;

  constructor() {
    super();
    this.state = 0;
    this.phase = LIVE;
  }

  /** @internal For dumps. */
  get label(): string {
    return this.machine.name;
  }

  /** @internal For dumps. */
  get place(): Place | null {
    const { state, machine } = this;
    return state > 0 ? { line: machine.place(state), name: machine.name } : null;
  }

  /** @internal As a generator coroutine's. */
  get untouched(): boolean {
    return this.state === 0 && this.phase === LIVE;
  }

  override get returned(): boolean {
    return this.state === RETURNED;
  }

  /** Called by the step, which then returns PENDING: `awaited` is not ready, and is waited for in `state`. */
  suspend(awaited: Future<unknown>, state: number): Pending {
    this.awaited = awaited;
    this.state = state;
    return PENDING;
  }

  /** Called by the step past the deadline of a cleanup, instead of awaiting in `state`. */
  refuse(state: number): Pending {
    return this.suspend(refused(), state);
  }

  override poll(cx: Context, inner?: boolean): Poll<T> {
    if (this.link !== null && inner !== true) return resume(this, cx);
    if (current !== cx) return under(cx, () => this.poll(cx, inner));
    const { awaited, state } = this;
    let value: unknown;
    if (awaited === null) {
      if (state !== 0) throw state === RUNNING ? selfAwait(this.label) : alreadyCompleted('a coroutine');
    } else {
      try {
        value = awaited.poll(cx);
        if (value === PENDING) return relink(this, inner);
      } catch (error) {
        return this.failed(error, cx);
      }
      this.awaited = null;
      if (state === RETURNED) return this.finish(value, cx);
    }
    return this.go(state, value, cx);
  }

  private go(state: number, value: unknown, cx: Context): Poll<T> {
    const { step } = this;
    this.state = RUNNING;
    let result: unknown;
    try {
      result = step(this, cx, state, value);
    } catch (error) {
      throw this.threw(error);
    }
    return result === PENDING ? PENDING : this.finish(result, cx);
  }

  /** The step has thrown: the coroutine has ended. */
  private threw(error: unknown): unknown {
    this.state = ENDED;
    appendCaller(error, true);
    creations?.cutOff();
    return error;
  }

  /** The step has thrown, or what was awaited: then it goes on where the error goes, or ends with it. */
  failed(error: unknown, cx: Context): Poll<T> {
    const { machine, state } = this;
    if (state === RUNNING) throw this.threw(error);
    this.awaited = null;
    if (state === RETURNED) {
      this.state = ENDED;
      throw error;
    }
    appendPlace(error, machine.name, machine.place(state));
    const handler = machine.onError[state] as number;
    if (handler === 0) throw this.threw(error);
    return this.go(handler, error, cx);
  }

  /** Flattens a returned future: it is awaited in the coroutine's stead. */
  finish(value: unknown, cx: Context): Poll<T> {
    this.state = ENDED;
    if (!(value instanceof Future)) return value as T;
    const inner = (value as Future<unknown>).poll(cx);
    if (inner !== PENDING) return this.finish(inner, cx);
    this.awaited = value as Future<unknown>;
    this.state = RETURNED;
    return PENDING;
  }

  override cancel(cx: Context): Poll<void> {
    if (current !== cx) return under(cx, () => this.cancel(cx));
    this.link = null;
    const { machine, state } = this;
    if (this.phase === LIVE) {
      if (this.awaited === null) {
        // Never polled, or ended: there is nothing to clean up.
        this.state = ENDED;
        return undefined;
      }
      this.phase = CANCELLING;
      creations?.cutOff();
    }
    if (this.phase === CANCELLING) {
      if (release(this, cx) === PENDING) return PENDING;
      this.phase = CLEANUP;
      return this.clean(cx, state > 0 ? (machine.onReturn[state] as number) : 0, undefined);
    }
    let value: unknown;
    try {
      if (cx.overdue) {
        cx.reportOverrun('CLEANUP_TIMEOUT');
        release(this, cx);
        throw cleanupTimeout();
      }
      value = (this.awaited as Future<unknown>).poll(cx);
      if (value === PENDING) return PENDING;
    } catch (error) {
      this.awaited = null;
      const handler = machine.onError[state] as number;
      if (handler === 0) collectFailure(cx, error);
      return this.clean(cx, handler, error);
    }
    this.awaited = null;
    return this.clean(cx, state, value);
  }

  /** Goes on in the cleanup until it awaits or has ended; state 0 is its end. */
  private clean(cx: Context, state: number, value: unknown): Poll<void> {
    if (state > 0) {
      const { step } = this;
      this.state = RUNNING;
      try {
        if (cx.overdue && mode === NORMAL) beginOverdue();
        const result = step(this, cx, state, value, mode === OVERDUE);
        if (result === PENDING && this.awaited !== null) return PENDING;
      } catch (error) {
        creations?.cutOff();
        collectFailure(cx, error);
      } finally {
        setMode(NORMAL);
      }
    }
    this.state = ENDED;
    return undefined;
  }
}

/** Called once for each compiled function: its class of coroutines, with what they share. */
export function withMachine<C extends typeof CompiledCoroutine>(made: C, machine: Machine): C {
  (made.prototype as { machine: Machine }).machine = machine;
  return made;
}

/** Called by a compiled function, when it is called: its coroutine, of which nothing has run. */
export function begin(frame: CompiledCoroutine<unknown>): Future<unknown> {
  if (creations !== null) creations.madeWithin(frame, begin);
  return frame;
}

/** Names a compiled function as its source is named. */
export function named<F extends (...args: never) => unknown>(made: typeof CompiledCoroutine, fn: F): F {
  const { name } = made.prototype.machine;
  if (fn.name !== name) Object.defineProperty(fn, 'name', { value: name, configurable: true });
  return fn;
}
