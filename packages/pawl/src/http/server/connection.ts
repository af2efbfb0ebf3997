/**
 * ServerConnection: one client's connection, from its first byte to its last, as a future that is polled by a task of its own.
 *
 * What must hold:
 * - Requests are read one after another and answered in their order; all answers that are given in one poll leave together.
 * - The client's going (a reset, or both directions closed) cancels who answers. A FIN alone is a half-close: its requests are answered.
 * - Nothing is read ahead of what is being answered, so a client that sends without end, or never reads, costs a bounded amount of memory.
 * - Between requests it holds no buffer. Its one timer is armed for the earliest of all that may be too slow, and looks again when it fires.
 * - It never fails: what goes wrong ends it, and whoever can do something about it is told.
 */
import { driverOf, type TimerEntry } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import { formatAddress } from '../../net/address.ts';
import type { Transport } from '../../net/transport.ts';
import { spend } from '../../task/budget.ts';
import { IncomingBody } from '../body.ts';
import { Inbound, InboundBody } from '../connection/inbound.ts';
import { Outbound } from '../connection/outbound.ts';
import { HttpError } from '../error.ts';
import { requestBody } from '../wire/body-decoder.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { INCOMPLETE, type RequestParser } from '../wire/request-parser.ts';
import type { ServerCore } from './core.ts';
import { Handling, type Owner } from './handling.ts';
import { Lingering } from './linger.ts';
import * as phases from './phase.ts';
import { ANSWER, CLOSED, DRAIN, ENDING, HEAD, LINGER } from './phase.ts';
import { DRAIN_LIMIT, Reply } from './reply.ts';
import { clientGone, ServerRequest } from './request.ts';

export class ServerConnection extends Future<void> implements TimerEntry, Owner, phases.Standing {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  private readonly server: ServerCore;
  readonly transport: Transport;
  private readonly inbound: Inbound;
  readonly outbound: Outbound;
  private readonly reply: Reply;
  private readonly handling: Handling;
  /** Only while a head has come in part. */
  private parser: RequestParser | null = null;
  phase: number = HEAD;
  private lingering: Lingering | null = null;
  private owner: Waker | null = null;
  /** Requests that have come. */
  private requests = 0;
  since = 0;
  private fired = false;

  constructor(server: ServerCore, transport: Transport) {
    super();
    this.server = server;
    this.transport = transport;
    this.inbound = new Inbound(transport);
    this.outbound = new Outbound(transport);
    this.reply = new Reply(server, this.inbound, this.outbound);
    this.handling = new Handling(server, this.reply, this);
  }

  /** @internal For dumps. */
  get label(): string {
    return `connection of ${formatAddress(this.transport.peer)}`;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    const wait = { what: phases.waitOf(this.phase), resource: this.transport };
    const { task } = this.handling;
    return task === null ? wait : { ...wait, holders: [task] };
  }

  /** Between two requests, with nothing on its way. */
  get idle(): boolean {
    return this.phase === HEAD && (this.parser === null || this.parser.idle) && this.outbound.empty;
  }

  get headDue(): boolean {
    return this.requests === 0 || this.parser !== null;
  }

  get began(): number {
    return this.reply.began;
  }

  get upgraded(): boolean {
    return this.reply.upgraded;
  }

  get body(): InboundBody | null {
    return this.reply.body;
  }

  /** Looks again: the server is closing, or what took a waker over has done. */
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
    }
    try {
      if (this.fired) this.lookAtTime(now);
      while (this.phase !== CLOSED) if (this.step(cx, now) === PENDING) return this.suspend(cx, now);
    } catch (error) {
      this.lost(error);
      if (this.pollEnding(cx) === PENDING) return this.suspend(cx, now);
    }
    this.end(cx);
    return undefined;
  }

  private step(cx: Context, now: number): Poll<void> {
    switch (this.phase) {
      case HEAD:
        return this.pollHead(cx, now);
      case ANSWER:
        if (this.handling.poll(cx) === PENDING) return PENDING;
        this.finish(now);
        return undefined;
      case DRAIN:
        return this.pollDrain(cx, now);
      case LINGER:
        return this.pollLinger(cx);
      default:
        return this.pollEnding(cx);
    }
  }

  /** The server is stopping for good. */
  override cancel(cx: Context): Poll<void> {
    if (this.phase === CLOSED) return undefined;
    if (this.phase !== ENDING)
      this.abandon(new PawlError('CANCELLED', 'the server was stopped before the answer was complete'));
    if (this.pollEnding(cx) === PENDING) return PENDING;
    this.end(cx);
    return undefined;
  }

  /** Closes a connection that was never polled. */
  drop(): void {
    this.phase = CLOSED;
    this.transport.close();
  }

  private end(cx: Context): void {
    this.phase = CLOSED;
    if (this.timerSlot >= 0) driverOf(cx).timers.cancel(this);
    this.body?.detach();
    this.inbound.release();
    const cut = this.reply.broken || !this.outbound.empty;
    this.outbound.release();
    if (cut) this.transport.abort();
    else this.transport.close();
    this.server.leave(this);
  }

  // ---- time

  /** Arms the timer. What it was armed for may be over when it fires: {@link lookAtTime} looks. */
  private suspend(cx: Context, now: number): typeof PENDING {
    this.inbound.rest();
    const deadline = phases.nextLook(this, this.server.settings.timeouts, now);
    if (deadline === Infinity) return PENDING;
    const { timers } = driverOf(cx);
    if (this.timerSlot >= 0) {
      if (this.timerTick <= deadline) return PENDING;
      timers.cancel(this);
    }
    timers.insert(this, deadline);
    return PENDING;
  }

  private lookAtTime(now: number): void {
    this.fired = false;
    const { timeouts } = this.server.settings;
    if (now < phases.deadlineOf(this, timeouts)) return;
    const { send, request } = timeouts;
    if (this.outbound.stalledSince + send <= now) {
      this.reply.broken = true;
      this.abandon(new PawlError('TIMEOUT', `the client took nothing of the answer for ${send} ms`));
      return;
    }
    switch (this.phase) {
      case HEAD:
        if (this.parser === null || this.parser.idle) this.phase = CLOSED;
        else this.refuse(slow('head'), now);
        return;
      case ANSWER:
        if (now < this.began + request) this.body?.fail(slow('content'));
        else this.outOfTime(request, now);
        return;
      default:
        this.phase = this.phase === LINGER ? ENDING : CLOSED;
    }
  }

  /** The handler has taken too long. */
  private outOfTime(limit: number, now: number): void {
    this.reply.excuse();
    this.abandon(new PawlError('TIMEOUT', `the request was not answered within ${limit} ms`));
    // Its cleanup goes on while the client is told.
    if (this.reply.complete) this.linger(now, true);
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
        if (!(error instanceof HttpError)) throw error;
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
        if (outbound.empty && this.requests > 0) this.since = now;
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
    return undefined;
  }

  private begin(cx: Context, head: RequestHead, now: number): void {
    const { server, reply } = this;
    this.requests++;
    const body = this.bodyOf(head);
    const incoming = body === null ? IncomingBody.empty : new IncomingBody(body);
    const request = new ServerRequest(head, incoming, this.transport.peer, server.secure);
    reply.start(request, body, now);
    if (body !== null && body.length > body.limit) {
      reply.refuse(tooLarge(body.limit));
      this.finish(now);
      return;
    }
    if (this.handling.start(cx, request) === PENDING) this.phase = ANSWER;
    else this.finish(now);
  }

  private bodyOf(head: RequestHead): InboundBody | null {
    const decoder = requestBody(head);
    if (decoder === null) return null;
    const { body: limit } = this.server.settings.limits;
    const body = new InboundBody(this.inbound, decoder, head.contentLength, limit, () => tooLarge(limit));
    if (head.expectContinue) body.onFirstWait = () => this.sayContinue();
    // It has taken our waker of the read direction over, which would tell us of the client's going.
    body.onResume = () => this.nudge();
    return body;
  }

  private sayContinue(): void {
    const { responder } = this.reply;
    if (responder.begun) return;
    responder.interim(100);
    this.nudge();
  }

  // ---- ends

  /** An answer is complete, or broken. */
  private finish(now: number): void {
    const { reply, inbound } = this;
    const { body, responder, request } = reply;
    if (!responder.begun) reply.broken = true;
    reply.report();
    this.since = now;
    if (reply.broken) {
      this.phase = ENDING;
      return;
    }
    reply.request = null;
    if (body !== null && !body.done) {
      if (!body.takeBuffered()) responder.keepAlive = false;
      else if (!body.done && responder.keepAlive) {
        this.phase = DRAIN;
        return;
      }
    }
    reply.body = null;
    if (responder.keepAlive) {
      body?.detach();
      this.phase = HEAD;
      return;
    }
    const unread = inbound.length > 0 || (body !== null && !body.done);
    body?.detach();
    // A client that has announced its end, and has nothing on its way, need not be waited for.
    this.linger(now, unread || reply.upgraded || request?.head.keepAlive === true);
  }

  private pollDrain(cx: Context, now: number): Poll<void> {
    const { reply } = this;
    const body = this.body as InboundBody;
    if (this.outbound.pollFlush(cx) === PENDING) return PENDING;
    const whole = body.pollRest(cx, DRAIN_LIMIT);
    if (whole === PENDING) return PENDING;
    body.detach();
    reply.body = null;
    this.since = now;
    if (whole) this.phase = HEAD;
    else this.linger(now, true);
    return undefined;
  }

  /** A request that cannot be read. */
  private refuse(error: HttpError, now: number): void {
    this.parser = null;
    this.reply.responder.startBroken();
    this.reply.refuse(error);
    this.linger(now, true);
  }

  /** The last answer has been given; with `patience`, what the client still sends is read. */
  private linger(now: number, patience: boolean): void {
    this.phase = LINGER;
    this.since = now;
    this.lingering = new Lingering(this.inbound, patience);
  }

  private pollLinger(cx: Context): Poll<void> {
    if (this.outbound.pollFlush(cx) === PENDING) return PENDING;
    if ((this.lingering as Lingering).poll(cx) === PENDING) return PENDING;
    this.phase = ENDING;
    return undefined;
  }

  /** Lets go of who answers: the connection ends when that has. */
  private abandon(reason: unknown): void {
    this.handling.abandon(reason);
    this.phase = ENDING;
  }

  /** The connection is gone, or cannot go on. */
  private lost(error: unknown): void {
    const { reply } = this;
    if (!(error instanceof PawlError)) this.server.tell(error, reply.request);
    reply.broken = true;
    this.outbound.release();
    this.abandon(error instanceof PawlError && error.code === 'CLIENT_GONE' ? error : clientGone(error));
  }

  private pollEnding(cx: Context): Poll<void> {
    if (this.handling.pollEnd(cx) === PENDING) return PENDING;
    this.phase = CLOSED;
    return undefined;
  }
}

function slow(what: string): HttpError {
  return new HttpError('HTTP_TIMEOUT', `the request's ${what} was too slow in coming (RFC 9110, 15.5.9)`);
}

function tooLarge(limit: number): HttpError {
  return new HttpError('HTTP_BODY_TOO_LARGE', `a request may have ${limit} bytes of content (RFC 9110, 15.5.14)`);
}
