/**
 * Handling: calls the handler for the request at hand, and sees to what it gives until the answer is over.
 *
 * What must hold: a value is answered within the call, and costs no task. A future, and content that comes in pieces, run as a task beside the
 * connection; a promise cannot be a task, since nothing can stop it. Whatever the handler spawns belongs to the request, also in the call
 * itself. Meanwhile the connection looks whether the client is still there: one direction has one waker, so that whoever else reads or writes
 * takes it over, and wakes the connection when it has done.
 */
import type { Context } from '../../future/context.ts';
import { creations } from '../../future/creations.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Transport } from '../../net/transport.ts';
import type { Runtime } from '../../task/runtime.ts';
import type { Scope } from '../../task/scope.ts';
import type { Task } from '../../task/task.ts';
import type { Outbound } from '../connection/outbound.ts';
import type { Answer } from './answer.ts';
import type { ServerCore } from './core.ts';
import { type Answering, Exchange } from './exchange.ts';
import { asFuture, isThenable } from './handled.ts';
import type { Caller } from './handler-context.ts';
import type { Handled } from './options.ts';
import { Promised } from './promised.ts';
import type { Reply } from './reply.ts';
import { clientGone, type ServerRequest } from './request.ts';

/** Whose request it is. */
export interface Owner {
  readonly transport: Transport;
  readonly outbound: Outbound;
  /** Polls it again. */
  nudge(): void;
}

export class Handling implements Answering, Caller {
  private readonly server: ServerCore;
  private readonly reply: Reply;
  private readonly owner: Owner;
  /** The task that answers. */
  task: Task<void> | null = null;
  /** Its body, while the handler is called and has already spawned something. */
  private held: Exchange | null = null;
  private promised: Promised | null = null;

  constructor(server: ServerCore, reply: Reply, owner: Owner) {
    this.server = server;
    this.reply = reply;
    this.owner = owner;
  }

  /** Calls the handler: PENDING if the answer takes time. */
  start(cx: Context, request: ServerRequest): Poll<void> {
    const { server } = this;
    let handled: Handled;
    try {
      handled = server.handlerContext.call(cx, this, server.handler, request);
    } catch (error) {
      return this.failed(cx, error);
    }
    if (typeof handled === 'string' && this.held === null && server.direct && request.method !== 'CONNECT') {
      this.reply.text(handled);
      return undefined;
    }
    return this.take(cx, handled);
  }

  /** What a handler has given that is no text. */
  private take(cx: Context, given: Handled): Poll<void> {
    const handled = asFuture(given);
    if (handled instanceof Future) return this.goOn(cx, handled, null);
    if (!isThenable(handled)) return this.answer(cx, handled as Answer);
    const promised = new Promised(handled, this.server.letGo);
    if (this.held !== null) return this.goOn(cx, promised, null);
    this.promised = promised;
    return PENDING;
  }

  private answer(cx: Context, answer: Answer): Poll<void> {
    let rest: Future<void> | null;
    try {
      rest = this.reply.give(answer);
    } catch (error) {
      return this.failed(cx, error);
    }
    return this.goOn(cx, null, rest);
  }

  /** It has thrown before anything took time. What it has spawned is stopped. */
  private failed(cx: Context, error: unknown): Poll<void> {
    this.reply.failed(error);
    const result = this.goOn(cx, null, null);
    this.task?.abort(error);
    return result;
  }

  /** What is left to be done is a task's, if anything is. */
  private goOn(cx: Context, handling: Future<Answer> | null, writing: Future<void> | null): Poll<void> {
    const { held } = this;
    // Whether it is polled is from now on our affair, not the handler's.
    if (handling !== null) creations?.taken(handling);
    if (held !== null) {
      held.set(handling, writing);
      this.held = null;
      // Begun at once: a task that is aborted before it has begun would leave its children to nobody.
      (cx.runtime as Runtime).enter(this.task as Task<void>);
      return PENDING;
    }
    if (handling === null && writing === null) return undefined;
    this.task = this.server.spawn(this.exchange(handling, writing));
    return PENDING;
  }

  private exchange(handling: Future<Answer> | null, writing: Future<void> | null): Exchange {
    return new Exchange(this, this.reply.request as ServerRequest, handling, writing);
  }

  /** Asked for by a handler that spawns in its very call: then there is a task for the request, although it may answer at once. */
  nursery(): Scope {
    if (this.task === null) {
      this.held = this.exchange(null, null);
      this.task = this.server.spawn(this.held);
    }
    return this.task.nursery();
  }

  give(answer: Answer): Future<void> | null {
    const rest = this.reply.give(answer);
    // It leaves at once, also if what the handler has spawned goes on.
    if (rest === null) this.owner.nudge();
    return rest;
  }

  written(): void {
    this.reply.complete = true;
    this.owner.nudge();
  }

  /** Until the answer is over. Throws when the client has gone. */
  poll(cx: Context): Poll<void> {
    return this.promised === null ? this.pollTask(cx) : this.pollPromise(cx, this.promised);
  }

  private pollTask(cx: Context): Poll<void> {
    const { reply, owner } = this;
    const task = this.task as Task<void>;
    if (task.finished) {
      this.task = null;
      if (task.state === 'failed') reply.failed(task.outcome);
      return undefined;
    }
    task.poll(cx);
    if (!owner.outbound.empty && (!reply.streaming || reply.complete)) owner.outbound.pollFlush(cx);
    if (!reply.upgraded) this.watch(cx);
    return PENDING;
  }

  private pollPromise(cx: Context, promised: Promised): Poll<void> {
    let answer: Poll<Answer>;
    try {
      answer = promised.poll(cx);
    } catch (error) {
      this.promised = null;
      this.reply.failed(error);
      return undefined;
    }
    if (answer === PENDING) {
      if (!this.owner.outbound.empty) this.owner.outbound.pollFlush(cx);
      this.watch(cx);
      return PENDING;
    }
    this.promised = null;
    // What it has given may take time in its turn, and is waited for from now on.
    return this.take(cx, answer) === PENDING ? this.poll(cx) : undefined;
  }

  /** Whether the client is still there, unless somebody reads its content: they will see for themselves. */
  private watch(cx: Context): void {
    const { body } = this.reply;
    if (body !== null && body.waker !== null) return;
    if (this.owner.transport.pollHangup(cx, !this.server.settings.halfClose) !== PENDING) throw clientGone();
  }

  /** Nobody waits for the answer any more. */
  abandon(reason: unknown): void {
    this.reply.abandon(reason);
    this.promised?.cancel();
    this.promised = null;
    this.task?.abort(reason);
  }

  /** After that: until its task has ended. */
  pollEnd(cx: Context): Poll<void> {
    const { task } = this;
    if (task === null) return undefined;
    if (!task.finished) {
      task.poll(cx);
      return PENDING;
    }
    this.task = null;
    if (task.state === 'failed') this.reply.failed(task.outcome);
    return undefined;
  }
}
