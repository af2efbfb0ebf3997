/** Sending, as leaf futures: one datagram, or several in as few system calls as the kernel allows. */
import type { SocketAddress } from '../../driver/driver.ts';
import type { Outgoing } from '../../driver/udp.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { resized } from '../../io/stream.ts';
import { spend } from '../../task/budget.ts';
import { formatAddress } from '../address.ts';
import { DatagramOperation } from '../datagram.ts';
import { type Bound, peerOf } from './bound.ts';

abstract class Sending extends DatagramOperation<Bound, void> {
  protected get direction(): 'write' {
    return 'write';
  }
}

export class Send extends Sending {
  private readonly data: Uint8Array;
  private readonly length: number;
  private readonly to: SocketAddress | null;

  constructor(socket: Bound, data: Uint8Array, to: SocketAddress | null) {
    super(socket);
    this.data = data;
    this.length = data.length;
    this.to = to;
  }

  protected override step(cx: Context): Poll<void> {
    if (this.data.length !== this.length) throw resized();
    const result = this.socket.handle.pollSend(cx, this.data, this.to);
    if (result !== PENDING) this.socket.sent++;
    return result;
  }

  protected override tell(): string {
    return `send to ${this.to === null ? peerOf(this.socket) : formatAddress(this.to)}`;
  }
}

/** What `sendMany` gives: a future that says how many datagrams have gone, also when it was cancelled or has failed. */
export class SendMany extends Sending {
  private readonly datagrams: readonly Outgoing[];
  private count = 0;

  /** @internal */
  constructor(socket: Bound, datagrams: readonly Outgoing[]) {
    super(socket);
    this.datagrams = datagrams;
  }

  /** Datagrams sent so far. */
  get sent(): number {
    return this.count;
  }

  protected override step(cx: Context): Poll<void> {
    const { datagrams, socket } = this;
    while (this.count < datagrams.length) {
      const sent = socket.handle.pollSendMany(cx, datagrams, this.count);
      if (sent === PENDING) return PENDING;
      this.count += sent;
      socket.sent += sent;
      if (this.count < datagrams.length && !spend(cx)) return PENDING;
    }
    return undefined;
  }

  protected override tell(): string {
    return `send ${this.datagrams.length - this.count} more datagrams from ${this.socket.name}`;
  }
}
