/**
 * Sending: the content of a request on its way, behind its head.
 *
 * What must hold: a server that reads no more has perhaps said why: a write that fails so ends the sending and not the request. Whoever ends
 * earlier cancels what gives the content, and waits for that.
 */
import type { Context } from '../../future/context.ts';
import type { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type ClientConnection, isGone } from './connection.ts';
import type { Content } from './content.ts';
import type { Plan } from './plan.ts';
import { upload } from './upload.ts';

/** How long a server's 100 (Continue) is waited for, in ms: a server may not know it (RFC 9110 10.1.1). */
const CONTINUE_TIME = 1000;

export class Sending {
  /** A write has failed: the rest will not be sent. */
  broken = false;
  failure: unknown = null;
  /** Nothing is sent before the server has asked for it, or this long has passed. */
  held = false;
  heldUntil = 0;
  private wake: (() => void) | null = null;
  private opened = false;
  private upload: Future<void> | null = null;
  private readonly connection: ClientConnection;
  private readonly plan: Plan;
  private readonly content: Content;

  constructor(connection: ClientConnection, plan: Plan, content: Content) {
    this.connection = connection;
    this.plan = plan;
    this.content = content;
  }

  hold(now: number, wake: () => void): void {
    this.held = true;
    this.heldUntil = now + CONTINUE_TIME;
    this.wake = wake;
    this.connection.arm(this.heldUntil);
  }

  release(): void {
    this.held = false;
    this.wake?.();
  }

  /** All of it has been given to the connection, to be written. */
  get complete(): boolean {
    return this.opened && this.upload === null && !this.broken;
  }

  /** What goes on when the head of the response is there. */
  get rest(): Future<void> | null {
    return this.upload;
  }

  /** Sends what can be sent now. True when the last of it has gone in this poll. Throws what the content's source throws. */
  poll(cx: Context): boolean {
    const { outbound } = this.connection;
    if (this.broken || (this.complete && outbound.empty)) return false;
    try {
      if (!this.opened && !this.held) this.open();
      if (this.upload === null) return outbound.pollFlush(cx) !== PENDING && !this.held;
      if (this.upload.poll(cx) === PENDING) return false;
      this.upload = null;
      return true;
    } catch (error) {
      this.upload = null;
      if (!isGone(error)) throw error;
      this.broken = true;
      this.failure = error;
      outbound.release();
      return false;
    }
  }

  private open(): void {
    this.opened = true;
    const { connection, content, plan } = this;
    const { whole, open } = content;
    if (typeof whole === 'string') connection.outbound.utf8(whole, content.length);
    else if (whole !== null) connection.outbound.add(whole);
    else if (open !== null) this.upload = upload(connection, open(), plan.length, plan.options.trailers ?? null);
  }

  cancel(cx: Context): Poll<void> {
    if (this.upload === null || this.upload.cancel(cx) === PENDING) return this.upload === null ? undefined : PENDING;
    this.upload = null;
    return undefined;
  }
}
