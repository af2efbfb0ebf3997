/** What goes over the wire for UDP: datagrams, and the message that nobody took one. Events of the world: their arrivals. */
import type { SocketAddress } from '../../driver.ts';
import { type EventNote, WorldEvent } from '../event-heap.ts';
import type { SimMachine } from '../machine.ts';

/** Ethernet, IP and UDP around the data. */
export const OVERHEAD = 54;

/** `data` is a copy that nobody changes. */
export class Packet extends WorldEvent {
  readonly source: SimMachine;
  readonly machine: SimMachine;
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly data: Uint8Array;

  constructor(source: SimMachine, machine: SimMachine, from: SocketAddress, to: SocketAddress, data: Uint8Array) {
    super();
    this.source = source;
    this.machine = machine;
    this.from = from;
    this.to = to;
    this.data = data;
  }

  override describe(): EventNote {
    const { data, source, machine } = this;
    return { machine: machine.name, what: `a datagram of ${data.length} bytes from ${source.name}` };
  }

  override happen(): void {
    this.machine.driver?.udp.arrived(this);
  }
}

/** ICMP "port unreachable" (RFC 792; RFC 4443 for IPv6): it goes back to where the packet came from. */
export class Unreachable extends WorldEvent {
  private readonly packet: Packet;

  constructor(packet: Packet) {
    super();
    this.packet = packet;
  }

  override happen(): void {
    this.packet.source.driver?.udp.unreachable(this.packet);
  }
}
