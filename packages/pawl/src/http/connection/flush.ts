/** Flushed: waits until everything that was put into an {@link Outbound} has gone, as a future for coroutines that write in pieces. */
import type { Context } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type WaitInfo, waitInfo } from '../../future/wait-info.ts';
import { formatAddress } from '../../net/address.ts';
import type { Transport } from '../../net/transport.ts';
import type { Outbound } from './outbound.ts';

/** What has not gone when it is cancelled stays, and goes with the next flush. */
export class Flushed extends Future<void> {
  private readonly outbound: Outbound;
  private readonly transport: Transport;
  private waiting = false;

  constructor(outbound: Outbound, transport: Transport) {
    super();
    this.outbound = outbound;
    this.transport = transport;
  }

  override poll(cx: Context): Poll<void> {
    const result = this.outbound.pollFlush(cx);
    this.waiting = result === PENDING;
    return result;
  }

  override cancel(_cx: Context): Poll<void> {
    if (this.waiting) this.transport.forget('write');
    this.waiting = false;
    return undefined;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `write to ${formatAddress(this.transport.peer)}`, resource: this.transport };
  }
}
