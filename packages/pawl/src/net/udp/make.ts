/** Making a UDP socket at a numeric address: a future, because it needs the driver of a poll. It waits for nothing. */
import { driverOf, type SocketAddress } from '../../driver/driver.ts';
import type { UdpHandle } from '../../driver/udp.ts';
import type { Context } from '../../future/context.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import type { UdpOptions } from './options.ts';

export class Bind extends Future<UdpHandle> {
  private readonly local: SocketAddress;
  private readonly peer: SocketAddress | null;
  private readonly options: UdpOptions;
  private done = false;

  constructor(local: SocketAddress, peer: SocketAddress | null, options: UdpOptions) {
    super();
    this.local = local;
    this.peer = peer;
    this.options = options;
  }

  override poll(cx: Context): UdpHandle {
    if (this.done) throw alreadyCompleted('a bind');
    this.done = true;
    const handle = driverOf(cx).net.udpBind(this.local, this.options);
    try {
      handle.set(this.options);
      if (this.peer !== null) handle.connect(this.peer);
    } catch (error) {
      handle.close();
      throw error;
    }
    return handle;
  }
}

/** The system chooses, by the peer. */
export const ANYWHERE: readonly [SocketAddress, SocketAddress] = [
  { host: '0.0.0.0', port: 0, family: 4 },
  { host: '::', port: 0, family: 6 },
];
