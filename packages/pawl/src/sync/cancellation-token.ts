/**
 * CancellationToken: the wish that some work should stop, handed to whoever does it; a tree, in which a parent cancels its children and
 * never the reverse.
 *
 * What must hold: a token is registered with its parent (or its AbortSignal) only while somebody waits on it, so that a child which is
 * forgotten, and a signal which lives for ever, keep nothing. Whether it is cancelled is asked of the parent otherwise.
 */
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { Combinator } from '../future/combinator.ts';
import { toFuture, type Body, type Flattened } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import type { WaitInfo } from '../future/wait-info.ts';
import { WaitList } from '../future/wait-list.ts';
import { DONE, NEW, type Node, Waiter, wakeAll } from '../future/waiter.ts';
import { listen, unlisten } from '../future/signals.ts';
import { spend } from '../task/budget.ts';
import { type Named, title } from './named.ts';

/** Cancels its token when it is disposed of. */
export class CancelGuard implements Disposable {
  private token: CancellationToken | null;
  private readonly reason: unknown;

  /** @internal */
  constructor(token: CancellationToken, reason: unknown) {
    this.token = token;
    this.reason = reason;
  }

  /** The token lives on. */
  disarm(): void {
    this.token = null;
  }

  [Symbol.dispose](): void {
    this.token?.cancel(this.reason);
  }
}

/**
 * A token that is cancelled once, and can be waited for, asked, and passed on. Within Pawl a task is stopped by aborting it, or by losing a
 * race; a token is for work that is to stop at places of its own choice, or that is spread over tasks of many scopes.
 *
 * @example
 * ```ts
 * import { blockOn, CancellationToken, coroutine, join, sleep } from 'pawl';
 * const shutdown = new CancellationToken();
 * const worker = coroutine(function* (token: CancellationToken) {
 *   let rounds = 0;
 *   while (!token.isCancelled) {
 *     yield* sleep(1);
 *     rounds++;
 *   }
 *   return rounds > 0;
 * });
 * const main = coroutine(function* () {
 *   yield* sleep(10);
 *   shutdown.cancel('SIGTERM');
 *   return shutdown.reason;
 * });
 * console.log(blockOn(join([worker(shutdown.child()), main()]))); // [ true, 'SIGTERM' ]
 * ```
 */
export class CancellationToken implements Disposable {
  readonly name: string | undefined;
  private done = false;
  private why: unknown = undefined;
  private parent: CancellationToken | null = null;
  private source: AbortSignal | null = null;
  private controller: AbortController | null = null;
  /** Those who wait, and the children on whom somebody waits. */
  private list: WaitList<Node> | null = null;
  /** @internal Its neighbours among those who wait on its parent. */
  before: Node | null = null;
  /** @internal */
  after: Node | null = null;
  private linked = false;

  constructor(options: Named = {}) {
    this.name = options.name;
  }

  /**
   * A token that is cancelled when the signal aborts, with its reason. Its listener is on the signal only while somebody waits on the token.
   * Errors: BAD_ARGUMENT for anything but an AbortSignal.
   *
   * @example
   * ```ts
   * import { CancellationToken, run, sleep } from 'pawl';
   * const token = CancellationToken.fromSignal(AbortSignal.timeout(5));
   * const outcome = await run(token.run(sleep(60_000))).catch((error) => error.code);
   * console.log(outcome); // CANCELLED
   * ```
   */
  static fromSignal(signal: AbortSignal, options: Named = {}): CancellationToken {
    if (!(signal instanceof AbortSignal))
      throw new PawlError('BAD_ARGUMENT', `a token is made from an AbortSignal, got ${typeof signal}`);
    const token = new CancellationToken(options);
    token.source = signal;
    return token;
  }

  get isCancelled(): boolean {
    if (this.done) return true;
    if (this.parent?.isCancelled === true) this.end(this.parent.why);
    else if (this.source?.aborted === true) this.end(this.source.reason);
    return this.done;
  }

  /** Why it was cancelled: what `cancel` was given, or the signal's reason. */
  get reason(): unknown {
    return this.isCancelled ? this.why : undefined;
  }

  /** Cancels this token and every token below it, once: later calls do nothing. Legal anywhere, also outside a runtime. */
  cancel(reason?: unknown): void {
    if (this.isCancelled) return;
    this.end(reason);
    this.unlink();
    this.fire();
  }

  /** A token that is cancelled with this one, and can be cancelled alone. */
  child(options: Named = {}): CancellationToken {
    const child = new CancellationToken(options);
    child.parent = this;
    return child;
  }

  /**
   * Waits until the token is cancelled, and gives the reason. Cancelling the wait is *safe*.
   *
   * @example
   * ```ts
   * import { blockOn, CancellationToken, coroutine, race, sleep } from 'pawl';
   * const token = new CancellationToken();
   * const main = coroutine(function* () {
   *   token.cancel('enough');
   *   return yield* race([sleep(60_000), token.cancelled()]);
   * });
   * console.log(blockOn(main())); // enough
   * ```
   */
  cancelled(): Future<unknown> {
    return new Cancelled(this);
  }

  /** Throws CANCELLED, with the reason as its cause, if the token is cancelled. */
  throwIfCancelled(): void {
    if (this.isCancelled) throw this.error();
  }

  /**
   * Runs `body` until it ends or the token is cancelled: then it is cancelled, and its cleanup has finished before CANCELLED is thrown. It
   * is not started when the token is cancelled already. If both happen at once, the body's outcome counts.
   *
   * What is lost is what cancelling the body loses. Errors: CANCELLED, with the token's reason as its cause; what the body throws.
   *
   * @example
   * ```ts
   * import { CancellationToken, run, sleep } from 'pawl';
   * const token = new CancellationToken();
   * setTimeout(() => token.cancel('not needed'), 1);
   * const outcome = await run(token.run(sleep(60_000))).catch((error) => error.cause);
   * console.log(outcome); // not needed
   * ```
   */
  run<T>(body: Future<T> | Body<[], T>): Future<Flattened<T>> {
    return new TokenRun(this, toFuture(body)) as Future<unknown> as Future<Flattened<T>>;
  }

  /** `using guard = token.guard()` cancels the token at the end of the block, however that is left, unless it is `disarm`ed. */
  guard(reason?: unknown): CancelGuard {
    return new CancelGuard(this, reason);
  }

  /**
   * An `AbortSignal` that aborts when the token is cancelled, with its reason; always the same one. Whether anybody listens to it cannot be
   * known: so from the first use of it the parent keeps this token, until it is cancelled or disposed of. For one call, prefer
   * `token.run(fromPromise((signal) => fetch(url, { signal })))`, which leaves nothing behind.
   *
   * @example
   * ```ts
   * import { CancellationToken } from 'pawl';
   * const token = new CancellationToken();
   * const { signal } = token;
   * token.cancel('enough');
   * console.log(signal.aborted, signal.reason); // true enough
   * ```
   */
  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.isCancelled) this.abort();
      else this.link();
    }
    return this.controller.signal;
  }

  /** Lets go of the parent, or of the AbortSignal that it was made from: they no longer cancel it. */
  [Symbol.dispose](): void {
    if (this.isCancelled) return;
    this.unlink();
    this.parent = null;
    this.source = null;
  }

  // ---- registration

  /** @internal */
  push(waiter: Node): void {
    (this.list ??= new WaitList()).push(waiter);
    this.link();
  }

  /** @internal */
  remove(waiter: Node): void {
    const list = this.list as WaitList<Node>;
    list.remove(waiter);
    if (list.size === 0 && this.controller === null) this.unlink();
  }

  /** @internal The parent has been cancelled, and has taken this token out of its list. */
  wakeAs(): void {
    this.linked = false;
    if (!this.done) this.end((this.parent as CancellationToken).why);
    this.fire();
  }

  /** @internal The signal has been aborted: the token is its listener, so that no closure is made. */
  handleEvent(): void {
    this.unlink();
    if (!this.done) this.end(this.source?.reason);
    this.fire();
  }

  /** @internal */
  error(): PawlError {
    const { why } = this;
    const because = typeof why === 'string' ? `: ${why}` : why instanceof Error ? `: ${why.message}` : '';
    return new PawlError('CANCELLED', `${title('token', this.name)} was cancelled${because}`, { cause: why });
  }

  private end(reason: unknown): void {
    this.done = true;
    this.why = reason;
  }

  private fire(): void {
    if (this.list !== null) wakeAll(this.list, NEW);
    this.abort();
  }

  private abort(): void {
    this.controller?.abort(this.why === undefined ? this.error() : this.why);
  }

  private link(): void {
    if (this.linked || this.done) return;
    if (this.parent !== null) this.parent.push(this);
    else if (this.source === null) return;
    else listen(this.source, this);
    this.linked = true;
  }

  private unlink(): void {
    if (!this.linked) return;
    this.linked = false;
    if (this.parent !== null) this.parent.remove(this);
    else if (this.source !== null) unlisten(this.source, this);
  }
}

class Cancelled extends Waiter<unknown> {
  private readonly token: CancellationToken;

  constructor(token: CancellationToken) {
    super();
    this.token = token;
  }

  protected override get list(): CancellationToken {
    return this.token;
  }

  protected override begin(cx: Context): Poll<unknown> {
    if (!this.token.isCancelled) return this.wait(cx);
    if (!spend(cx)) return PENDING;
    this.state = DONE;
    return this.token.reason;
  }

  /** Never granted: it is woken to look again. */
  protected override take(): unknown {
    return this.token.reason;
  }

  protected override tell(): WaitInfo {
    return { what: `the cancellation of ${title('token', this.token.name)}`, resource: this.token };
  }
}

/** A body beside its token. */
class TokenRun extends Combinator<unknown> {
  private readonly token: CancellationToken;

  constructor(token: CancellationToken, body: Future<unknown>) {
    super([body, token.cancelled()]);
    this.token = token;
  }

  protected override onStart(): void {
    if (this.token.isCancelled) this.reject(this.token.error());
  }

  protected override onValue(index: number, value: unknown): void {
    if (index === 0) this.resolve(value);
    else this.reject(this.token.error());
  }
}
