/**
 * Segment: what goes over the wire between two ends of a connection. An event of the world: its arrival.
 *
 * What must hold: `data` is a copy that nobody changes. Sequence numbers count bytes from 0 at the connection's beginning and never wrap;
 * a FIN takes one number after the last byte. The window is carried as the number up to which the sender may send.
 */
import type { SocketAddress } from '../../driver.ts';
import { type EventNote, WorldEvent } from '../event-heap.ts';
import type { SimMachine } from '../machine.ts';
import type { TcpEndpoint } from './endpoint.ts';

export const SYN = 1;
export const ACK = 2;
export const FIN = 4;
export const RST = 8;
/** Asks for an acknowledgement, and carries nothing: for a closed window, and for keep-alive (RFC 9293, 3.8.4 and 3.8.6.1). */
export const PROBE = 16;

const NAMES: readonly (readonly [flag: number, name: string])[] = [
  [SYN, 'SYN'],
  [FIN, 'FIN'],
  [RST, 'RST'],
  [PROBE, 'a probe'],
];

/** Ethernet, IP and TCP around each segment's data: what it costs on a link besides its bytes. */
const OVERHEAD = 78;

export class Segment extends WorldEvent {
  readonly flags: number;
  readonly seq: number;
  readonly data: Uint8Array | null;
  readonly ack: number;
  /** The number up to which the other end may send. */
  readonly edge: number;
  /** Null: a machine that knows of no such connection. */
  readonly from: TcpEndpoint | null;
  /** Null: whoever listens at `destination`. */
  readonly to: TcpEndpoint | null;
  readonly machine: SimMachine;
  readonly destination: SocketAddress;

  constructor(from: TcpEndpoint | null, to: Target, flags: number, seq: number, data: Uint8Array | null) {
    super();
    this.from = from;
    this.to = to.endpoint;
    this.machine = to.machine;
    this.destination = to.address;
    this.flags = flags;
    this.seq = seq;
    this.data = data;
    this.ack = from === null ? 0 : from.receiver.next;
    this.edge = from === null ? 0 : from.receiver.advertise();
  }

  get size(): number {
    return OVERHEAD + (this.data === null ? 0 : this.data.length);
  }

  /** An acknowledgement alone is not worth a line. */
  override describe(): EventNote | null {
    const { flags, data, from, machine } = this;
    const parts = NAMES.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
    if (data !== null && data.length > 0) parts.unshift(`${data.length} bytes`);
    if (parts.length === 0) return null;
    const source = from === null ? '' : ` from ${from.stack.driver.machine.name}`;
    return {
      machine: machine.name,
      what: `${parts.join(', ')}${source}${machine.driver === null ? ', but it is down' : ''}`,
    };
  }

  /** It arrives. A machine that is down hears nothing. */
  override happen(): void {
    this.machine.driver?.stack.arrived(this);
  }
}

/** Where a segment goes. */
export interface Target {
  readonly endpoint: TcpEndpoint | null;
  readonly machine: SimMachine;
  readonly address: SocketAddress;
}
