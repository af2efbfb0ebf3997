/**
 * Lingering: the end of a connection whose client may still be sending.
 *
 * What must hold: the client gets the last answer. Closing a socket in which unread bytes lie resets the connection, and a reset overtakes
 * what the client has not read yet (RFC 9112, 9.6). So our side is ended, and what comes is read and dropped, until the client ends its side,
 * too, or has sent too much.
 */
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { Inbound } from '../connection/inbound.ts';

/** Bytes. How long it may take, `phase.ts` says. */
const LIMIT = 1024 * 1024;

export class Lingering {
  private readonly inbound: Inbound;
  private dropped: number;
  private ended = false;

  /** Without `patience` nothing is waited for: the client has said that it sends no more. */
  constructor(inbound: Inbound, patience: boolean) {
    this.inbound = inbound;
    this.dropped = patience ? 0 : LIMIT;
  }

  /** Everything has been written. */
  poll(cx: Context): Poll<void> {
    const { inbound } = this;
    if (inbound.transport.closed) return undefined;
    if (!this.ended) {
      this.ended = true;
      inbound.transport.shutdown('write');
    }
    inbound.release();
    while (this.dropped < LIMIT) {
      const count = inbound.fill(cx);
      if (count === PENDING) return PENDING;
      if (count === 0) break;
      this.dropped += count;
      inbound.release();
    }
    return undefined;
  }
}
