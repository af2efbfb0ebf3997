/**
 * A green thread: WebAssembly that blocks, on a stack of its own that the engine switches (JSPI), under our executor.
 *
 * What must hold: an import that blocks is given a future. The engine suspends the stack on a promise, and that promise is settled by whoever
 * polls the thread, once the future has its value. The engine goes on in a microtask: until its next import or its end nobody polls.
 * Cancelling it cancels the future, then makes the import throw: the WebAssembly unwinds, and the thread is done when it has.
 *
 * Source: the JavaScript Promise Integration proposal of WebAssembly: `WebAssembly.Suspending`, `WebAssembly.promising`.
 */
import { type Context, Future, PENDING, type Poll, type Waker } from 'pawl';
import { engine, type Memory } from './engine.ts';

/** What a blocking import does: a future of its result. */
export type Blocking = (memory: Memory, ...args: readonly number[]) => Future<number | void>;

interface Suspension {
  readonly future: Future<number | void>;
  readonly resolve: (value: number | void) => void;
  readonly reject: (error: unknown) => void;
}

export class WasmThread extends Future<number> {
  readonly #module: object;
  readonly #imports: Readonly<Record<string, Blocking>>;
  readonly #args: readonly number[];
  #waker: Waker | null = null;
  #suspension: Suspension | null = null;
  #started = false;
  #cancelled = false;
  #outcome: { readonly value: number } | { readonly error: unknown } | null = null;

  /** The module exports `run` and `memory`, and imports `env`. */
  constructor(module: object, imports: Readonly<Record<string, Blocking>>, ...args: readonly number[]) {
    super();
    this.#module = module;
    this.#imports = imports;
    this.#args = args;
  }

  override poll(cx: Context): Poll<number> {
    this.#waker = cx.waker;
    if (!this.#started) this.#start();
    const suspension = this.#suspension;
    if (suspension !== null) {
      try {
        const value = suspension.future.poll(cx);
        if (value === PENDING) return PENDING;
        this.#suspension = null;
        suspension.resolve(value);
      } catch (error) {
        this.#suspension = null;
        suspension.reject(error);
      }
    }
    if (this.#outcome === null) return PENDING; // the stack goes on in a microtask, and wakes us
    if ('error' in this.#outcome) throw this.#outcome.error;
    return this.#outcome.value;
  }

  override cancel(cx: Context): Poll<void> {
    if (!this.#started) return undefined;
    this.#waker = cx.waker;
    this.#cancelled = true;
    const suspension = this.#suspension;
    if (suspension !== null) {
      if (suspension.future.cancel(cx) === PENDING) return PENDING;
      this.#suspension = null;
      suspension.reject(CANCELLED);
    }
    return this.#outcome === null ? PENDING : undefined;
  }

  #start(): void {
    this.#started = true;
    const { Suspending, promising } = engine;
    if (Suspending === undefined || promising === undefined) throw new Error('this engine cannot switch stacks');
    const env: Record<string, object> = {};
    for (const [name, blocking] of Object.entries(this.#imports)) {
      env[name] = new Suspending((...args) => this.#suspend(blocking(memory, ...args)));
    }
    const { exports } = new engine.Instance(this.#module, { env });
    const { memory } = exports;
    promising(exports.run)(...this.#args).then(
      (value) => this.#end({ value }),
      (error: unknown) => this.#end({ error }),
    );
  }

  /** The engine suspends the stack on this promise. */
  #suspend(future: Future<number | void>): Promise<number | void> {
    if (this.#cancelled) return Promise.reject(CANCELLED);
    const { promise, resolve, reject } = Promise.withResolvers<number | void>();
    this.#suspension = { future, resolve, reject };
    this.#waker?.wake();
    return promise;
  }

  #end(outcome: { readonly value: number } | { readonly error: unknown }): void {
    this.#outcome = outcome;
    this.#waker?.wake();
  }
}

const CANCELLED = new Error('the green thread was cancelled');
