/** A bound UDP socket as its operations see it. */
import type { UdpHandle } from '../../driver/udp.ts';
import { formatAddress } from '../address.ts';
import type { DatagramSocket } from '../datagram.ts';

export interface Bound extends DatagramSocket {
  readonly handle: UdpHandle;
  /** Where it is bound, also when it has been closed. */
  readonly name: string;
  /** Datagrams so far. */
  received: number;
  sent: number;
}

/** The peer of a connected socket, for dumps. */
export function peerOf({ handle }: Bound): string {
  return handle.peer === null ? 'its peer' : formatAddress(handle.peer);
}
