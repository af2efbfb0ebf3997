/**
 * ClientConnection: one connection of the pool, busy with an exchange or idle.
 *
 * What must hold:
 * - Busy, it belongs to one user, who alone polls it. What the user has left in a known state is used again; anything else is closed.
 * - Idle, it watches for its end: a byte, an end or an error that comes then closes it at once. That keeps no process alive.
 * - It holds no buffer between two polls. Its one timer, in the background too, is armed for the earliest of what may be due, is left armed
 *   when that is over, and looks again when it fires: an exchange costs no timer.
 */
import type { Driver, DriverHolder, TimerEntry, Timers } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { unexpectedEnd } from '../../io/stream.ts';
import type { Transport } from '../../net/transport.ts';
import { giveBuffer, takeBuffer } from '../connection/buffers.ts';
import { Inbound } from '../connection/inbound.ts';
import { Outbound } from '../connection/outbound.ts';
import type { HeadLimits } from '../wire/limits.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import { INCOMPLETE, ResponseParser } from '../wire/response-parser.ts';
import type { Origin } from './origin.ts';

/** Whose a busy connection is. */
export interface User {
  /** When it will have waited too long for the peer, on the driver's clock; Infinity while it does not wait. */
  readonly deadline: number;
  /** The deadline has passed. */
  expire(): void;
  /** The connection is to be closed under it. */
  fail(error: unknown): void;
}

/** What the peer says of how long it keeps an idle connection is undercut by this many ms: its answer may have taken as long to come. */
const MARGIN = 1000;

/** A parser that holds nothing of a head: usually there is one, which all connections share. */
let spare: ResponseParser | null = null;
let spareLimits: HeadLimits | null = null;

export class ClientConnection implements TimerEntry, Context, Waker {
  timerTick = 0;
  timerSlot = -1;
  timerNext: TimerEntry | null = null;
  timerPrev: TimerEntry | null = null;
  readonly task: object = this;
  readonly overdue = false;
  readonly runtime: DriverHolder;
  readonly origin: Origin;
  readonly transport: Transport;
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  /** Exchanges that have begun. */
  exchanges = 0;
  closed = false;
  private user: User | null = null;
  private readonly background: Timers;
  private readonly limits: HeadLimits;
  /** Only while a head has come in part. */
  private parser: ResponseParser | null = null;
  /** For how long it may be idle; known once the peer has answered. */
  private patience = -1;
  private idleUntil = 0;

  constructor(origin: Origin, transport: Transport, driver: Driver, limits: HeadLimits) {
    this.origin = origin;
    this.transport = transport;
    this.limits = limits;
    this.runtime = { driver };
    this.background = driver.background;
    this.inbound = new Inbound(transport);
    this.outbound = new Outbound(transport);
  }

  // ---- busy

  /** An exchange begins. */
  begin(user: User): void {
    if (this.exchanges++ > 0) this.transport.forget('read');
    this.user = user;
  }

  /** The exchange goes on in other hands. */
  handTo(user: User): void {
    this.user = user;
  }

  /** Writes what can be written. A peer that reads no more has perhaps said why: its response is still to be read. */
  flush(cx: Context): void {
    try {
      this.outbound.pollFlush(cx);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.outbound.release();
    }
  }

  /** Nothing of a response has come. */
  get untouched(): boolean {
    return this.parser === null && this.inbound.length === 0;
  }

  /** The next head that comes, an interim one or the final. Throws UNEXPECTED_EOF, HttpError, and what the transport throws. */
  pollHead(cx: Context): Poll<ResponseHead> {
    const { inbound } = this;
    for (;;) {
      if (inbound.length > 0) {
        const parser = this.parser ?? borrow(this.limits);
        const used = parser.parse(inbound.bytes, inbound.start, inbound.end);
        if (used !== INCOMPLETE) {
          this.parser = null;
          const { head } = parser;
          spare = parser;
          spareLimits = this.limits;
          inbound.consume(used);
          return head;
        }
        this.parser = parser;
      }
      const count = inbound.fill(cx);
      if (count === PENDING) {
        inbound.rest();
        return PENDING;
      }
      if (count === 0) throw unexpectedEnd(inbound.length, 'the head of a response');
    }
  }

  /** The exchange is over. Reusable: both sides have said all of it. */
  finish(reusable: boolean, head: ResponseHead): void {
    this.user = null;
    if (!reusable || this.closed || this.inbound.length > 0 || this.origin.pool.closed) {
      this.close();
      return;
    }
    // Every answer of a peer says the same.
    if (this.patience < 0) this.patience = patienceOf(head, this.origin.pool.idleTimeout);
    if (this.patience === 0) this.close();
    else this.giveBack();
  }

  /** Arms the timer, if it is not armed for something earlier. */
  arm(deadline: number): void {
    if (deadline === Infinity) return;
    if (this.timerSlot >= 0) {
      if (this.timerTick < deadline + 1) return;
      this.background.cancel(this);
    }
    this.background.insert(this, deadline);
  }

  onTimer(): void {
    const now = this.runtime.driver.now();
    const due = this.user === null ? this.idleUntil : this.user.deadline;
    if (now < due) this.arm(due);
    else if (this.user === null) this.close();
    else this.user.expire();
  }

  // ---- idle

  /** It is nobody's: whoever waits gets it, unless it turns out to have ended. */
  giveBack(): void {
    if (this.closed) return;
    this.idleUntil = this.runtime.driver.now() + this.patience;
    this.arm(this.idleUntil);
    this.watch();
    if (!this.closed) this.origin.release(this);
  }

  /** Waits for anything to come. */
  private watch(): void {
    const buffer = takeBuffer();
    try {
      if (this.transport.pollRead(this, buffer) === PENDING) {
        this.transport.unrefRead();
        return;
      }
    } catch {
      // It has failed: nobody needs to know why.
    } finally {
      giveBuffer(buffer);
    }
    this.close();
  }

  get waker(): Waker {
    return this;
  }

  wake(): void {
    if (this.user === null && !this.closed) this.watch();
  }

  // ---- the end

  /** Closes it under whoever uses it. */
  abandon(error: unknown): void {
    const { user } = this;
    if (user !== null) user.fail(error);
    else this.close();
  }

  /** In the middle of an exchange it is reset: by a FIN alone the server could not tell that nobody waits for its answer (a half-close). */
  close(): void {
    if (this.closed) return;
    const cut = this.user !== null;
    this.closed = true;
    this.user = null;
    if (this.timerSlot >= 0) this.background.cancel(this);
    this.inbound.release();
    this.outbound.release();
    this.transport.forget('read');
    this.transport.forget('write');
    if (cut) this.transport.abort();
    else this.transport.close();
    this.origin.remove(this);
  }

  // ---- what a context must have, and no leaf asks for

  nursery(): never {
    throw outside();
  }

  collect(error: unknown): never {
    throw error;
  }

  armCleanup(): never {
    throw outside();
  }

  reportOverrun(): void {}
}

/** The other side does not read any more. */
export function isGone(error: unknown): boolean {
  return error instanceof PawlError && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

function outside(): PawlError {
  return new PawlError('NO_RUNTIME', 'an idle connection has no task');
}

/** A parser that nobody else uses until it is put back. */
function borrow(limits: HeadLimits): ResponseParser {
  const parser = spare;
  if (parser === null || spareLimits !== limits) return new ResponseParser(limits);
  spare = null;
  return parser;
}

/** RFC 9112 9.3, and what the Keep-Alive field says (RFC 2068 19.7.1.1). */
function patienceOf(head: ResponseHead, most: number): number {
  const hint = /(?:^|[,;\s])timeout=(\d{1,9})\b/i.exec(head.fields.get('keep-alive') ?? '')?.[1];
  if (hint === undefined) return most;
  const told = Number(hint) * 1000;
  return Math.min(most, Math.max(told - MARGIN, told / 2));
}
