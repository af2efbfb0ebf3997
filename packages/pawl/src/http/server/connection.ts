/**
 * ServerConnection: one client's connection, from its first byte to its last, as a future that is polled by a task of its own.
 *
 * What must hold:
 * - Requests are read one after another and answered in their order. What answers at once (a value) is answered within the poll, and all
 *   answers of a poll leave together; what takes time runs as a child task, and the connection only looks whether the client is still there.
 * - The client's going (a reset, or both directions closed) cancels the child. A FIN alone is a half-close: its requests are answered.
 * - Nothing is read ahead of what is being answered, so a client that sends without end, or never reads, costs a bounded amount of memory.
 * - Between requests it holds no buffer. Its one timer is armed for the earliest of all that may be too slow, and looks again when it fires.
 */
import { AsyncResource } from 'node:async_hooks';
import { STATUS_CODES } from 'node:http';
import { driverOf, type TimerEntry } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { start } from '../../future/coroutine.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo, type Waiting } from '../../future/wait-info.ts';
import { formatAddress } from '../../net/address.ts';
import type { Transport } from '../../net/transport.ts';
import { keepAsyncContext } from '../../task/async-context.ts';
import { spend } from '../../task/budget.ts';
import type { Scope } from '../../task/scope.ts';
import type { JoinHandle } from '../../task/join-handle.ts';
import { IncomingBody } from '../body.ts';
import { HandedOver } from '../connection/handed-over.ts';
import { Inbound, InboundBody } from '../connection/inbound.ts';
import { Outbound } from '../connection/outbound.ts';
import { type Pieces, piecesOf } from '../connection/pieces.ts';
import { HttpError } from '../error.ts';
import { requestBody } from '../wire/body-decoder.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { INCOMPLETE, type RequestParser } from '../wire/request-parser.ts';
import { type Answer, type Prepared, prepareParts, prepareResponse } from './answer.ts';
import { writeBody } from './body-writer.ts';
import { type Answering, Exchange } from './exchange.ts';
import type { Handled } from './options.ts';
import { Promised } from './promised.ts';
import { clientGone, ServerRequest } from './request.ts';
import { Responder } from './responder.ts';
import type { ServerCore } from './core.ts';

/** Waits for a request's head, or reads it. */
const HEAD = 0;
/** A child task answers. */
const EXCHANGE = 1;
/** A promise answers. */
const PROMISE = 2;
/** Reads what the handler did not, so that the next request can come. */
const DRAIN = 3;
/** Has said its last, and reads what the client still sends: closing at once would reset the connection under the answer (RFC 9112, 9.6). */
const LINGER = 4;
/** Waits for the child to end, then closes. */
const ENDING = 5;
const CLOSED = 6;

/** Content that nobody has read is read away up to so many bytes, to save the connection. */
const DRAIN_LIMIT = 64 * 1024;
/** Milliseconds, and bytes, of lingering. */
const LINGER_TIME = 2000;
const LINGER_LIMIT = 1024 * 1024;

export class ServerConnection extends Future<void> implements TimerEntry, Answering, Waiting {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  private readonly server: ServerCore;
  private readonly transport: Transport;
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;
  private readonly responder: Responder;
  /** Only while a head has come in part. */
  private parser: RequestParser | null = null;
  private phase = HEAD;
  private request: ServerRequest | null = null;
  private body: InboundBody | null = null;
  private child: JoinHandle<void> | null = null;
  private promised: Promised | null = null;
  private owner: Waker | null = null;
  /** Requests that have come. */
  private requests = 0;
  /** On the driver's clock: when the phase, or the wait within it, began; and the request. */
  private since = 0;
  private began = 0;
  private lingered = 0;
  private fired = false;
  /** What the child writes goes out by itself. */
  private streaming = false;
  /** The answer has broken off: the end of the connection must not look like the answer's. */
  private broken = false;
  private upgraded = false;
  private writtenBefore = 0;

  constructor(server: ServerCore, transport: Transport) {
    super();
    this.server = server;
    this.transport = transport;
    this.inbound = new Inbound(transport);
    this.outbound = new Outbound(transport);
    this.responder = new Responder(this.outbound);
  }

  /** @internal For dumps. */
  get label(): string {
    return `connection of ${formatAddress(this.transport.peer)}`;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const what = ['a request', 'the answer', 'a promised answer', 'the rest of a request', 'the end', 'the end'][
      this.phase
    ];
    return { what: what ?? 'nothing', resource: this.transport };
  }

  /** Between two requests, with nothing on its way. */
  get idle(): boolean {
    return this.phase === HEAD && (this.parser === null || this.parser.idle) && this.outbound.empty;
  }

  /** Looks again: the server is closing. */
  nudge(): void {
    this.owner?.wake();
  }

  onTimer(): void {
    this.fired = true;
    this.owner?.wake();
  }

  // ---- the future

  override poll(cx: Context): Poll<void> {
    if (this.phase === CLOSED) throw alreadyCompleted('a connection');
    const now = driverOf(cx).now();
    if (this.owner === null) {
      this.owner = cx.waker;
      this.since = now;
      this.server.enter(this);
    }
    try {
      if (this.fired) this.lookAtTime(now);
      while (this.phase !== CLOSED) if (this.step(cx, now) === PENDING) return this.suspend(cx, now);
    } catch (error) {
      this.lost(error);
      if (this.phase === ENDING && this.pollEnding(cx) === PENDING) return PENDING;
    }
    this.end(cx);
    return undefined;
  }

  private step(cx: Context, now: number): Poll<void> {
    switch (this.phase) {
      case HEAD:
        return this.pollHead(cx, now);
      case EXCHANGE:
        return this.pollExchange(cx, now);
      case PROMISE:
        return this.pollPromise(cx, now);
      case DRAIN:
        return this.pollDrain(cx, now);
      case LINGER:
        return this.pollLinger(cx, now);
      default:
        return this.pollEnding(cx);
    }
  }

  /** The server is stopping for good: the child has been aborted, as every child of this task. */
  override cancel(cx: Context): Poll<void> {
    if (this.phase === CLOSED) return undefined;
    if (this.owner === null) {
      this.transport.close();
      this.phase = CLOSED;
      return undefined;
    }
    if (this.request !== null && this.responder.begun) this.broken = true;
    this.abandon('the server was stopped');
    if (this.pollEnding(cx) === PENDING) return PENDING;
    this.end(cx);
    return undefined;
  }

  private end(cx: Context): void {
    this.phase = CLOSED;
    if (this.timerSlot >= 0) driverOf(cx).timers.cancel(this);
    this.body?.detach();
    this.inbound.release();
    const cut = this.broken || !this.outbound.empty;
    this.outbound.release();
    if (cut) this.transport.reset();
    else this.transport.close();
    this.server.leave(this);
  }

  // ---- time

  /** Arms the timer for whatever comes first. What it was armed for may be over when it fires: {@link lookAtTime} looks. */
  private suspend(cx: Context, now: number): typeof PENDING {
    this.inbound.rest();
    let deadline = this.deadline(now);
    if (this.child !== null) {
      // The child may begin to wait, for the client, while nobody polls us.
      const { body, send } = this.server.settings.timeouts;
      deadline = Math.min(deadline, now + body, now + send);
    }
    if (deadline === Infinity) return PENDING;
    const { timers } = driverOf(cx);
    if (this.timerSlot >= 0) {
      if (this.timerTick <= deadline) return PENDING;
      timers.cancel(this);
    }
    timers.insert(this, deadline);
    return PENDING;
  }

  private deadline(now: number): number {
    const { head, idle, body, send, request } = this.server.settings.timeouts;
    const sending = this.outbound.empty ? Infinity : this.outbound.since + send;
    switch (this.phase) {
      case HEAD:
        if (sending !== Infinity) return sending;
        return this.since + (this.requests === 0 || this.parser !== null ? head : idle);
      case EXCHANGE:
      case PROMISE: {
        if (this.upgraded) return Infinity;
        const waiting = this.body === null || this.body.waker === null ? Infinity : this.body.since + body;
        return Math.min(this.began + request, waiting, sending);
      }
      case DRAIN:
        return Math.min(this.since + body, sending);
      case LINGER:
        return Math.min(this.since + LINGER_TIME, sending);
      default:
        return now + send;
    }
  }

  private lookAtTime(now: number): void {
    this.fired = false;
    if (now < this.deadline(now)) return;
    const { send, request } = this.server.settings.timeouts;
    if (!this.outbound.empty && now >= this.outbound.since + send) {
      this.broken = true;
      this.abandon(new PawlError('TIMEOUT', `the client took nothing of the answer for ${send} ms`));
      return;
    }
    switch (this.phase) {
      case HEAD:
        if (this.parser === null || this.parser.idle) this.phase = CLOSED;
        else {
          this.responder.startBroken();
          this.refuse(slow('head'), now);
        }
        return;
      case EXCHANGE:
      case PROMISE:
        if (now < this.began + request) this.body?.fail(slow('content'));
        else this.outOfTime(request, now);
        return;
      default:
        this.phase = this.phase === ENDING ? ENDING : CLOSED;
    }
  }

  /** The handler has taken too long. */
  private outOfTime(limit: number, now: number): void {
    const reason = new PawlError('TIMEOUT', `the request was not answered within ${limit} ms`);
    if (this.responder.begun) {
      this.broken = true;
      this.abandon(reason);
      return;
    }
    this.responder.keepAlive = false;
    this.responder.whole(503, '', null, `${STATUS_CODES[503]}\n`, this.server.dates);
    this.abandon(reason);
    // Its cleanup goes on, as this task's child, while the client is told.
    this.child = null;
    this.phase = LINGER;
    this.since = now;
  }

  // ---- a request's head

  private pollHead(cx: Context, now: number): Poll<void> {
    const { inbound, outbound, server } = this;
    if (inbound.length > 0 && !outbound.full) {
      if (!spend(cx)) return PENDING;
      const parser = this.parser ?? server.parser;
      let used: number;
      try {
        used = parser.parse(inbound.bytes, inbound.start, inbound.end);
      } catch (error) {
        parser.reset();
        this.parser = null;
        this.responder.startBroken();
        this.refuse(error, now);
        return undefined;
      }
      if (used !== INCOMPLETE) {
        inbound.consume(used);
        this.parser = null;
        this.begin(cx, parser.head, now);
        return undefined;
      }
      if (this.parser === null) {
        // What it remembers of this head is this connection's: the others get a new one.
        this.parser = server.lendParser();
        if (outbound.empty) this.since = now;
      }
    }
    if (!outbound.empty) {
      if (outbound.pollFlush(cx) === PENDING) return PENDING;
      this.since = now;
      if (inbound.length > 0 && this.parser === null) return undefined;
    }
    const count = inbound.fill(cx);
    if (count === PENDING) {
      if (!server.closing || !this.idle) return PENDING;
      this.phase = CLOSED;
      return undefined;
    }
    // The client has nothing more to ask. Of a head that it has not ended nothing can be answered.
    if (count === 0) this.phase = CLOSED;
    else if (this.parser === null) this.since = now;
    return undefined;
  }

  private begin(cx: Context, head: RequestHead, now: number): void {
    const { server, responder } = this;
    this.requests++;
    this.began = now;
    this.streaming = false;
    this.writtenBefore = this.outbound.written + this.outbound.waiting;
    responder.start(head, head.keepAlive && !server.closing);
    const decoder = requestBody(head);
    let incoming = IncomingBody.empty;
    if (decoder !== null) {
      const { body: limit } = server.settings.limits;
      if (head.contentLength > limit) {
        this.refuse(tooLarge(limit), now);
        return;
      }
      const body = new InboundBody(this.inbound, decoder, head.contentLength, limit, () => tooLarge(limit));
      if (head.expectContinue) body.onFirstWait = () => this.sayContinue();
      this.body = body;
      incoming = new IncomingBody(body);
    }
    const request = new ServerRequest(head, incoming, this.transport.peer, server.secure);
    this.request = request;
    let handled: Handled;
    try {
      handled = server.base === null ? server.handler(request) : this.handleInContext(server.base, request);
    } catch (error) {
      this.failed(error);
      this.finish(now);
      return;
    }
    if (typeof handled === 'string' && server.direct) {
      this.decide();
      responder.text(handled, server.dates);
      this.finish(now);
    } else this.take(cx, handled, now);
  }

  /** In the asynchronous context of whoever called `serve`; what the handler changes in it stays with this request. */
  private handleInContext(base: AsyncResource, request: ServerRequest): Handled {
    return base.runInAsyncScope(() =>
      new AsyncResource('pawl.Request').runInAsyncScope(() => {
        const handled = asFuture(this.server.handler(request));
        return handled instanceof Future ? keepAsyncContext(handled) : handled;
      }),
    );
  }

  /** What a handler has given that is no text. */
  private take(cx: Context, given: Handled, now: number): void {
    const handled = asFuture(given);
    if (handled instanceof Future) {
      this.spawn(cx, handled, null);
    } else if (isThenable(handled)) {
      this.promised = new Promised(handled, cx.waker);
      this.phase = PROMISE;
    } else {
      this.answer(cx, handled as Answer, now);
    }
  }

  private answer(cx: Context, answer: Answer, now: number): void {
    let rest: Future<void> | null = null;
    try {
      rest = this.give(answer);
    } catch (error) {
      this.failed(error);
    }
    if (rest === null) this.finish(now);
    else this.spawn(cx, null, rest);
  }

  private spawn(cx: Context, handling: Future<Answer> | null, writing: Future<void> | null): void {
    const exchange = new Exchange(this, this.request as ServerRequest, handling, writing);
    this.child = (cx.nursery() as Scope).spawn(exchange);
    this.phase = EXCHANGE;
  }

  // ---- while it is being answered

  private pollExchange(cx: Context, now: number): Poll<void> {
    const child = this.child as JoinHandle<void>;
    if (!child.finished) {
      child.poll(cx);
      if (!this.outbound.empty && !this.streaming) this.outbound.pollFlush(cx);
      if (!this.upgraded) this.watch(cx);
      return this.phase === EXCHANGE ? PENDING : undefined;
    }
    this.child = null;
    if (child.state !== 'done') throw clientGone();
    this.finish(now);
    return undefined;
  }

  private pollPromise(cx: Context, now: number): Poll<void> {
    const promised = this.promised as Promised;
    if (!promised.settled) {
      if (!this.outbound.empty) this.outbound.pollFlush(cx);
      this.watch(cx);
      return this.phase === PROMISE ? PENDING : undefined;
    }
    this.promised = null;
    if (promised.failed) {
      this.failed(promised.outcome);
      this.finish(now);
    } else this.take(cx, promised.outcome as Answer, now);
    return undefined;
  }

  /** Whether the client is still there, unless the handler reads from it and will see for itself. */
  private watch(cx: Context): void {
    if (this.body !== null && this.body.waker !== null) return;
    if (this.transport.pollHangup(cx) === PENDING) return;
    throw clientGone();
  }

  /** Lets go of who answers: the connection ends when the child has. */
  private abandon(reason: unknown): void {
    this.request?.abandon(reason);
    this.promised?.abandon();
    this.promised = null;
    this.body?.fail(reason);
    if (this.request !== null && this.phase !== ENDING) this.report(false);
    this.child?.abort(reason);
    this.phase = ENDING;
  }

  /** The connection is gone, or cannot go on. */
  private lost(error: unknown): void {
    if (!(error instanceof PawlError)) this.server.tell(error, this.request);
    this.broken = true;
    this.outbound.release();
    this.abandon(error instanceof PawlError && error.code === 'CLIENT_GONE' ? error : clientGone(error));
  }

  private pollEnding(cx: Context): Poll<void> {
    const { child } = this;
    if (child !== null && !child.finished) {
      child.poll(cx);
      return PENDING;
    }
    this.child = null;
    this.phase = CLOSED;
    return undefined;
  }

  // ---- answers

  /** Writes an answer; what of it comes in pieces is left to the future. Throws what is wrong with it, before anything is written. */
  give(answer: Answer): Future<void> | null {
    const { responder, server, outbound, transport } = this;
    if (server.direct && (typeof answer === 'string' || answer instanceof Uint8Array)) {
      this.decide();
      if (typeof answer === 'string') responder.text(answer, server.dates);
      else responder.whole(200, '', null, answer, server.dates);
      return null;
    }
    const prepared = server.direct ? prepareParts(answer) : prepareResponse(answer);
    const { status, reason, head, body, upgrade, trailers } = prepared;
    if (upgrade !== undefined) return this.handOver(prepared, upgrade);
    if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
      this.decide();
      responder.whole(status, reason, head, body, server.dates);
      return null;
    }
    const source = piecesOf(body as Pieces);
    // What it gives may come from the request's content, which the client holds back until it is told to go on.
    this.body?.beforeFirstWait();
    const length = head?.length ?? -1;
    const framing = responder.begin(status, reason, head, length, server.dates);
    this.streaming = true;
    return writeBody({ outbound, transport, source, framing, length, trailers });
  }

  private handOver({ status, reason, head }: Prepared, upgrade: NonNullable<Prepared['upgrade']>): Future<void> {
    this.responder.switch(status, reason, head, this.request?.upgrade ?? null, this.server.dates);
    this.streaming = true;
    this.upgraded = true;
    return upgrade(new HandedOver(this.inbound, this.outbound));
  }

  /** A connection is not kept for an answer whose request has more content left than is worth reading away. */
  private decide(): void {
    const { body } = this;
    if (body === null || body.done) return;
    if (body.onFirstWait !== null || body.length - body.received > DRAIN_LIMIT + this.inbound.length) {
      this.responder.keepAlive = false;
    }
  }

  /** The handler has thrown, or its answer cannot be sent. */
  failed(error: unknown): void {
    const { responder, server } = this;
    const blame = error instanceof HttpError && error.status < 500;
    if (!blame && this.phase !== ENDING) server.tell(error, this.request);
    if (responder.begun) {
      this.broken = true;
      responder.keepAlive = false;
      return;
    }
    const status = blame ? error.status : 500;
    if (blame) responder.keepAlive = false;
    this.decide();
    responder.whole(status, '', null, `${blame ? error.message : STATUS_CODES[status]}\n`, server.dates);
  }

  /** A request that cannot be answered by a handler: the connection ends with the answer. */
  private refuse(error: unknown, now: number): void {
    if (!(error instanceof HttpError)) throw error;
    const { responder } = this;
    const { status } = error;
    responder.keepAlive = false;
    responder.whole(status, '', null, `${STATUS_CODES[status]}: ${error.message}\n`, this.server.dates);
    this.phase = LINGER;
    this.since = now;
  }

  private sayContinue(): void {
    if (this.responder.begun) return;
    this.responder.interim(100);
    this.owner?.wake();
  }

  /** An answer is complete, or broken. */
  private finish(now: number): void {
    const { body, responder } = this;
    this.report(!this.broken);
    this.request = null;
    this.since = now;
    if (this.broken || this.upgraded) {
      this.phase = ENDING;
      return;
    }
    const unread = body !== null && !body.done;
    if (unread && responder.keepAlive) {
      this.phase = DRAIN;
      return;
    }
    body?.detach();
    this.body = null;
    if (responder.keepAlive) this.phase = HEAD;
    else {
      this.phase = LINGER;
      this.lingered = unread || this.inbound.length > 0 ? 0 : LINGER_LIMIT;
    }
  }

  private report(complete: boolean): void {
    const { onExchange } = this.server;
    if (onExchange === undefined || this.request === null) return;
    const { method, target } = this.request;
    const { status } = this.responder;
    const duration = this.server.now() - this.began;
    const bytes = this.outbound.written + this.outbound.waiting - this.writtenBefore;
    onExchange({ method, target, status, bytes, duration, complete });
  }

  private pollDrain(cx: Context, now: number): Poll<void> {
    const body = this.body as InboundBody;
    if (this.outbound.pollFlush(cx) === PENDING) return PENDING;
    let whole = false;
    try {
      const result = body.pollRest(cx, DRAIN_LIMIT);
      if (result === PENDING) return PENDING;
      whole = result;
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    }
    body.detach();
    this.body = null;
    this.phase = whole ? HEAD : LINGER;
    this.since = now;
    this.lingered = 0;
    return undefined;
  }

  private pollLinger(cx: Context, _now: number): Poll<void> {
    const { inbound, outbound, transport } = this;
    if (!outbound.empty) {
      if (outbound.pollFlush(cx) === PENDING) return PENDING;
    }
    transport.shutdown('write');
    inbound.release();
    while (this.lingered < LINGER_LIMIT) {
      const count = inbound.fill(cx);
      if (count === PENDING) return PENDING;
      if (count === 0) break;
      this.lingered += count;
      inbound.release();
    }
    this.phase = CLOSED;
    return undefined;
  }
}

/** A generator is a coroutine's body. */
function asFuture(handled: Handled): Handled {
  if (typeof handled !== 'object' || handled === null || handled instanceof Future) return handled;
  return typeof (handled as { next?: unknown }).next === 'function' && isGenerator(handled)
    ? start(() => handled as Generator<never, Answer, never>)
    : handled;
}

function isGenerator(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Generator]';
}

function isThenable(value: unknown): value is PromiseLike<Answer> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function slow(what: string): HttpError {
  return new HttpError('HTTP_TIMEOUT', `the request's ${what} was too slow in coming (RFC 9110, 15.5.9)`);
}

function tooLarge(limit: number): HttpError {
  return new HttpError('HTTP_BODY_TOO_LARGE', `a request may have ${limit} bytes of content (RFC 9110, 15.5.14)`);
}
