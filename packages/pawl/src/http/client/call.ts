/**
 * Call: one request, from its first poll to the head of its response, as a future by hand.
 *
 * What must hold:
 * - A request in the usual case costs one write, one read and no timer, and no future but this one; what is rare is done by others.
 * - It has at any time at most one of: a place in an origin's queue, the right to a connection, a connection. Whatever ends it gives that
 *   back or closes it, and waits for what it has started: a connect, the source of the content.
 * - Once, and only where that does no harm, it is sent again: when a connection that had been idle turns out to be gone, and the request is
 *   idempotent (RFC 9110 9.2.2) and its content is still there.
 */
import { driverOf, type Timers } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import type { Link } from '../../future/wait-list.ts';
import { listen, unlisten } from '../../future/signals.ts';
import type { Transport } from '../../net/transport.ts';
import { closeOne } from '../../stream/close.ts';
import { CallbackTimer } from '../../task/callback-timer.ts';
import type { Runtime } from '../../task/runtime.ts';
import type { BodySource } from '../body-source.ts';
import { HttpError } from '../error.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import { type Core, threadCore } from './core.ts';
import { connect } from './connect.ts';
import { ClientConnection, isGone, type User } from './connection.ts';
import { decoded } from './decoded.ts';
import type { Origin, Waiting } from './origin.ts';
import type { Plan } from './plan.ts';
import { isRedirect, type Next, nextOf } from './redirect.ts';
import { abandon } from './response-body.ts';
import { ClientResponse } from './response.ts';
import { Sending } from './sending.ts';
import { takeBody } from './take-body.ts';
import type { Target } from './target.ts';

const NEW = 0;
/** Waits in the origin's queue. */
const QUEUED = 1;
/** Has been given a connection, or the right to make one. */
const GRANTED = 2;
const CONNECTING = 3;
/** The request is on its way, or the response. */
const EXCHANGE = 4;
const DONE = 5;

const WAITS = ['nothing', 'a connection of the pool', 'its turn', 'a connection', 'the response', 'nothing'];

export class Call extends Future<ClientResponse> implements User, Waiting {
  before: Link | null = null;
  after: Link | null = null;
  private phase = NEW;
  private core: Core | null;
  private target: Target;
  private plan: Plan;
  private origin: Origin | null = null;
  private connection: ClientConnection | null = null;
  private connecting: Future<Transport> | null = null;
  /** How the request's content is sent, where it is not sent with the head. */
  private sending: Sending | null = null;
  private waker: Waker | null = null;
  private timer: CallbackTimer | null = null;
  private timers: Timers | null = null;
  private closing: Future<void> | null = null;
  /** On the driver's clock: when the server had the request, and when everything must be over. */
  private since = 0;
  private end = Infinity;
  private redirects = 0;
  /** One of them has led to another origin. */
  private crossed = false;
  private retried = false;
  /** From outside: a timer, a signal, the client's end. */
  private failed = false;
  private failure: unknown = undefined;
  /** It lets go of what it has; then it fails. */
  private ending = false;

  /** Without a core it is the thread's. */
  constructor(core: Core | null, target: Target, plan: Plan) {
    super();
    this.core = core;
    this.target = target;
    this.plan = plan;
  }

  override poll(cx: Context): Poll<ClientResponse> {
    if (this.phase === DONE) throw alreadyCompleted('a request');
    while (!this.ending) {
      try {
        if (this.failed) throw this.failure;
        const response = this.step(cx);
        if (response === null) continue;
        if (response === PENDING) this.waker = cx.waker;
        return response;
      } catch (error) {
        if (this.again(cx, error)) continue;
        this.failed = true;
        this.failure = error;
        this.ending = true;
      }
    }
    if (this.letGo(cx) === PENDING) return PENDING;
    throw this.failure;
  }

  /** Null: it has come further, and goes on. */
  private step(cx: Context): Poll<ClientResponse> | null {
    switch (this.phase) {
      case NEW:
        return this.acquire(cx);
      case QUEUED:
        return PENDING;
      case GRANTED:
        this.take(cx, this.connection);
        return null;
      case CONNECTING:
        return this.pollConnect(cx);
      default:
        return this.pollExchange(cx, this.connection as ClientConnection);
    }
  }

  override cancel(cx: Context): Poll<void> {
    // What was never polled holds nothing, not even the content's source.
    if (this.phase === NEW && this.origin === null) this.phase = DONE;
    this.ending = true;
    return this.phase === DONE ? undefined : this.letGo(cx);
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `${this.plan.method} ${this.target.href}: ${WAITS[this.phase]}`, resource: this.origin ?? this };
  }

  // ---- a connection

  private acquire(cx: Context): Poll<ClientResponse> | null {
    const core = (this.core ??= threadCore(cx));
    const { options } = this.plan;
    if (this.origin === null && (options.timeout !== undefined || options.signal)) this.watch(cx);
    const origin = core.pool.originOf(this.target);
    this.origin = origin;
    // A second try takes none of those that may have gone the same way.
    const idle = this.retried ? null : origin.take();
    if (idle !== null) {
      this.connection = idle;
      this.begin(cx, idle);
    } else if (origin.reserve()) this.connect();
    else {
      origin.wait(this);
      this.phase = QUEUED;
      return PENDING;
    }
    return null;
  }

  /** The limits that hold from the beginning. */
  private watch(cx: Context): void {
    const { timeout, signal } = this.plan.options;
    if (signal) {
      if (signal.aborted) throw signal.reason;
      listen(signal, this);
    }
    if (timeout === undefined || timeout === Infinity) return;
    const driver = driverOf(cx);
    this.end = driver.refresh() + timeout;
    this.timers = driver.timers;
    this.timer = new CallbackTimer(() =>
      this.fail(new PawlError('TIMEOUT', `${this.target.href} did not answer within ${timeout} ms`)),
    );
    driver.timers.insert(this.timer, this.end);
  }

  give(connection: ClientConnection | null): void {
    this.connection = connection;
    this.phase = GRANTED;
    this.waker?.wake();
  }

  private take(cx: Context, given: ClientConnection | null): void {
    if (given === null) this.connect();
    else if (given.closed) {
      // It has ended since.
      this.connection = null;
      this.phase = NEW;
    } else this.begin(cx, given);
  }

  private connect(): void {
    const core = this.core as Core;
    const limit = this.plan.options.connectTimeout ?? core.settings.connectTimeout;
    const origin = this.origin as Origin;
    this.connecting = connect(this.target, origin.proxy, core.settings.tls, limit);
    origin.making(this);
    this.phase = CONNECTING;
  }

  private pollConnect(cx: Context): typeof PENDING | null {
    let transport: Poll<Transport>;
    try {
      transport = (this.connecting as Future<Transport>).poll(cx);
    } catch (error) {
      this.connecting = null;
      this.phase = NEW;
      (this.origin as Origin).unmade(this);
      throw error;
    }
    if (transport === PENDING) return PENDING;
    this.connecting = null;
    const origin = this.origin as Origin;
    const connection = new ClientConnection(origin, transport, driverOf(cx), (this.core as Core).settings.limits);
    origin.made(this, connection);
    this.connection = connection;
    this.begin(cx, connection);
    return null;
  }

  // ---- the exchange

  private begin(cx: Context, connection: ClientConnection): void {
    const { plan, target, origin } = this;
    connection.begin(this);
    this.phase = EXCHANGE;
    const driver = driverOf(cx);
    this.since = driver.now();
    connection.arm(this.deadline);
    const proxy = (origin as Origin).proxy;
    connection.outbound.latin1(plan.headOf(target, proxy === null || target.secure ? null : proxy.lines));
    if (plan.content !== null) this.sending = new Sending(connection, plan, plan.content);
    if (this.sending !== null && plan.expectContinue) this.sending.hold(driver.now(), () => this.waker?.wake());
  }

  private pollExchange(cx: Context, connection: ClientConnection): Poll<ClientResponse> | null {
    this.send(cx, connection);
    let head: Poll<ResponseHead>;
    try {
      head = connection.pollHead(cx);
    } catch (error) {
      // What the write has failed with says more than the end of the stream.
      throw this.sending?.failure ?? error;
    }
    if (head === PENDING) {
      connection.arm(this.deadline);
      return PENDING;
    }
    const { status } = head;
    if (status >= 200) return this.answered(cx, connection, head);
    if (status === 101)
      throw new HttpError(
        'HTTP_SYNTAX',
        'the server changes the protocol, and nobody has asked for that (RFC 9110, 15.2.2)',
      );
    if (status === 100) this.sending?.release();
    return null;
  }

  private send(cx: Context, connection: ClientConnection): void {
    const { sending } = this;
    if (sending !== null) {
      if (sending.poll(cx)) this.since = driverOf(cx).now();
    } else if (!connection.outbound.empty) connection.flush(cx);
  }

  private answered(cx: Context, connection: ClientConnection, head: ResponseHead): ClientResponse | null {
    const { plan, target, sending, core } = this;
    this.connection = null;
    this.sending = null;
    const patience = plan.options.bodyTimeout ?? (core as Core).settings.bodyTimeout;
    const source = takeBody(cx, connection, head, plan, sending, patience, this.end);
    if (isRedirect(head.status) && this.redirected(head, source)) return null;
    this.phase = DONE;
    this.unwatch();
    return new ClientResponse(
      head,
      head.encoded && plan.decompress ? decoded(head, source) : source,
      target,
      this.redirects,
      this.crossed,
    );
  }

  /** True when the request goes on to where the response leads. */
  private redirected(head: ResponseHead, source: BodySource | null): boolean {
    let next: Next | null = null;
    try {
      next = nextOf(head, this.plan, this.target, this.redirects);
    } catch (error) {
      source?.discardBody();
      // What it held is gone with the response.
      this.phase = NEW;
      throw error;
    }
    if (next === null) return false;
    source?.discardBody();
    if (!next.target.sameOrigin(this.target)) this.crossed = true;
    this.target = next.target;
    this.plan = next.plan;
    this.redirects++;
    this.retried = false;
    this.phase = NEW;
    return true;
  }

  // ---- the connection's user

  get deadline(): number {
    const { sending, connection, core, plan } = this;
    const patience = plan.options.headTimeout ?? (core as Core).settings.headTimeout;
    if (sending !== null && sending.held) return sending.heldUntil;
    if (connection !== null && !connection.outbound.empty) return connection.outbound.stalledSince + patience;
    return sending === null || sending.complete ? this.since + patience : Infinity;
  }

  expire(): void {
    const { sending, plan, core, target } = this;
    if (sending !== null && sending.held) {
      sending.release();
      return;
    }
    const patience = plan.options.headTimeout ?? (core as Core).settings.headTimeout;
    this.fail(new PawlError('TIMEOUT', `${target.href}: nothing of a response came for ${patience} ms`));
  }

  fail(error: unknown): void {
    if (this.failed || this.phase === DONE) return;
    this.failed = true;
    this.failure = error;
    this.waker?.wake();
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.fail(this.plan.options.signal?.reason);
  }

  // ---- the end

  /** True when the request is begun again over a new connection: the old one had been closed by its server, which is no failure. */
  private again(cx: Context, error: unknown): boolean {
    const { connection, plan, sending } = this;
    if (this.phase !== EXCHANGE || connection === null || this.failed || this.retried) return false;
    const stale = isGone(error) || (error instanceof PawlError && error.code === 'UNEXPECTED_EOF');
    if (!stale || connection.exchanges < 2 || !connection.untouched || !plan.idempotent) return false;
    // What has been opened of the content is left to itself: it can be opened again.
    if (sending?.rest) abandon(cx.runtime as Runtime, sending.rest);
    this.sending = null;
    this.connection = null;
    this.retried = true;
    this.phase = NEW;
    connection.close();
    return true;
  }

  private letGo(cx: Context): Poll<void> {
    this.unwatch();
    const { origin, connection, phase } = this;
    if (phase === QUEUED) origin?.leave(this);
    else if (phase === GRANTED) {
      if (connection === null) origin?.cede();
      else connection.giveBack();
      this.connection = null;
    } else if (phase === CONNECTING && this.connecting !== null) {
      if (this.connecting.cancel(cx) === PENDING) return PENDING;
      this.connecting = null;
      origin?.unmade(this);
    } else if (phase === EXCHANGE) {
      if (this.sending !== null && this.sending.cancel(cx) === PENDING) return PENDING;
      connection?.close();
      this.connection = null;
    }
    if (phase !== EXCHANGE) {
      this.phase = NEW;
      if (this.closeContent(cx) === PENDING) return PENDING;
    }
    this.phase = DONE;
    return undefined;
  }

  /** What gives the content, and was not opened for an exchange, is closed. */
  private closeContent(cx: Context): Poll<void> {
    const { content } = this.plan;
    if (content === null || content.open === null || content.replayable) return undefined;
    this.closing ??= closeOne(content.open());
    return this.closing.poll(cx);
  }

  private unwatch(): void {
    const { timer, timers } = this;
    const { signal } = this.plan.options;
    if (signal) unlisten(signal, this);
    if (timer === null) return;
    this.timer = null;
    timers?.cancel(timer);
  }
}
