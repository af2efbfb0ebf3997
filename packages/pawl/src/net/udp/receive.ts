/** Receiving, as leaf futures: one datagram into the caller's memory, or all that are there. */
import { PawlError } from '../../error/index.ts';
import type { Datagram, Received } from '../../driver/udp.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { checkBytes } from '../../io/stream.ts';
import { DatagramOperation } from '../datagram.ts';
import type { Bound } from './bound.ts';

abstract class Receiving<T> extends DatagramOperation<Bound, T> {
  protected get direction(): 'read' {
    return 'read';
  }

  protected override tell(): string {
    return `receive on ${this.socket.name}`;
  }
}

export class Receive extends Receiving<Received> {
  private readonly target: Uint8Array;
  /** Only from the peer. */
  private readonly connected: boolean;

  constructor(socket: Bound, target: Uint8Array, connected: boolean) {
    super(socket);
    this.target = target;
    this.connected = connected;
  }

  protected override step(cx: Context): Poll<Received> {
    const { socket } = this;
    const { handle } = socket;
    if (this.connected && handle.peer === null && !handle.closed) {
      throw new PawlError('ENOTCONN', 'recv ENOTCONN: the socket is not connected: use recvFrom', { syscall: 'recv' });
    }
    // Memory that has gone while it waited would make every datagram look like one without room.
    if (this.target.length === 0) checkBytes(this.target);
    const received = handle.pollRecv(cx, this.target);
    if (received !== PENDING) socket.received++;
    return received;
  }
}

export class ReceiveMany extends Receiving<Datagram[]> {
  private readonly most: number;

  constructor(socket: Bound, most: number) {
    super(socket);
    this.most = most;
  }

  protected override step(cx: Context): Poll<Datagram[]> {
    const { socket } = this;
    const received = socket.handle.pollRecvMany(cx, this.most);
    if (received !== PENDING) socket.received += received.length;
    return received;
  }
}
