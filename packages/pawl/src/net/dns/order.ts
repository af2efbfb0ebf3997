/**
 * Order: a name's addresses, the ones that can be reached first (RFC 6724, 6: rule 1), and IPv6 before IPv4.
 *
 * What must hold: nothing is sent. Whether there is a way, the system says when a socket is given its peer.
 */
import { driverOf, type SocketAddress } from '../../driver/driver.ts';
import type { Context } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { ANYWHERE } from '../udp/make.ts';

export class Order extends Future<SocketAddress[]> {
  private readonly addresses: readonly SocketAddress[];

  constructor(addresses: readonly SocketAddress[]) {
    super();
    this.addresses = addresses;
  }

  override poll(cx: Context): SocketAddress[] {
    const [v6, v4] = [6, 4].map((family) => this.addresses.filter((address) => address.family === family)) as [
      SocketAddress[],
      SocketAddress[],
    ];
    if (v4.length === 0 || v6.length === 0) return [...v6, ...v4];
    return isReachable(cx, v6[0]!) ? [...v6, ...v4] : [...v4, ...v6];
  }
}

function isReachable(cx: Context, { host, family }: SocketAddress): boolean {
  try {
    const handle = driverOf(cx).net.udpBind(ANYWHERE[family === 4 ? 0 : 1], {});
    try {
      // The port is of no importance; 9 discards (RFC 863).
      handle.connect({ host, port: 9, family });
      return true;
    } finally {
      handle.close();
    }
  } catch {
    return false;
  }
}
