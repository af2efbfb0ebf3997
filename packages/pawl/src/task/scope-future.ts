/** ScopeFuture: a scope that makes itself at its first poll, when it knows the runtime and the scope around it. */
import type { Context } from '../future/context.ts';
import { creations } from '../future/creations.ts';
import { Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import type { Runtime } from './runtime.ts';
import { ScopeBody } from './scope-body.ts';
import { Scope } from './scope.ts';
import type { JoinHandle } from './join-handle.ts';
import { termsOf, type Terms } from './terms.ts';

export type FailureHook = (error: unknown, task: JoinHandle<unknown>) => void;

export class ScopeFuture<T> extends Future<T> {
  private readonly make: (scope: Scope) => Future<T>;
  private readonly supervising: boolean;
  private readonly onFailure: FailureHook | undefined;
  protected inner: ScopeBody<T> | null = null;

  constructor(make: (scope: Scope) => Future<T>, supervising: boolean, onFailure: FailureHook | undefined) {
    super();
    this.make = make;
    this.supervising = supervising;
    this.onFailure = onFailure;
    if (creations !== null) creations.leaf(this, `${this.label}(…)`);
  }

  /** @internal */
  get untouched(): boolean {
    return this.inner === null;
  }

  /** @internal For dumps. */
  get awaited(): Future<unknown> | null {
    return this.inner;
  }

  /** @internal For dumps. */
  get label(): string {
    return this.supervising ? 'supervise' : 'scope';
  }

  /** What the scope's terms are, asked at the first poll. */
  protected terms(cx: Context): Terms {
    return termsOf(cx);
  }

  override poll(cx: Context): Poll<T> {
    return (this.inner ??= this.begin(cx)).poll(cx);
  }

  private begin(cx: Context): ScopeBody<T> {
    const scope = new Scope(cx.runtime as Runtime, this.supervising, cx.waker, this.terms(cx));
    scope.onFailure = this.onFailure;
    return new ScopeBody(() => this.make(scope), scope, false);
  }

  override cancel(cx: Context): Poll<void> {
    return this.inner === null ? undefined : this.inner.cancel(cx);
  }
}
