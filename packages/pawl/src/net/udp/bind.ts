/** Making a UDP socket: it needs the driver of a poll, hence futures, though only a name's lookup waits. */
import { driverOf, type SocketAddress } from '../../driver/driver.ts';
import type { UdpHandle } from '../../driver/udp.ts';
import type { Context } from '../../future/context.ts';
import { coroutine } from '../../future/coroutine.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import type { Poll } from '../../future/poll.ts';
import type { Endpoint } from '../address.ts';
import { Resolve } from '../resolve.ts';
import type { UdpOptions } from './options.ts';

class Bind extends Future<UdpHandle> {
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

  override poll(cx: Context): Poll<UdpHandle> {
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

/** A socket at the first address of the endpoint. */
export const bound: (to: Endpoint, options: UdpOptions) => Future<UdpHandle> = coroutine(function* (
  to: Endpoint,
  options: UdpOptions,
) {
  const [address] = yield* new Resolve(to);
  return yield* new Bind(address!, null, options);
});

/** A socket whose peer is the first address of the endpoint: of the family of the local address, where there is one. */
export const connected: (to: Endpoint, from: Endpoint | undefined, options: UdpOptions) => Future<UdpHandle> =
  coroutine(function* (to: Endpoint, from: Endpoint | undefined, options: UdpOptions) {
    const peers = yield* new Resolve(to);
    const locals = from === undefined ? ANYWHERE : yield* new Resolve(from);
    const peer = peers.find(({ family }) => locals.some((local) => local.family === family)) ?? peers[0]!;
    const local = locals.find(({ family }) => family === peer.family) ?? locals[0]!;
    return yield* new Bind(local, peer, options);
  });

/** The system chooses by the peer. */
const ANYWHERE: readonly SocketAddress[] = [
  { host: '0.0.0.0', port: 0, family: 4 },
  { host: '::', port: 0, family: 6 },
];
