/** Binding and connecting a UDP socket by whatever names its addresses have. */
import type { UdpHandle } from '../../driver/udp.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import type { Endpoint } from '../address.ts';
import { lookUp } from '../lookup.ts';
import { ANYWHERE, Bind } from './make.ts';
import type { UdpOptions } from './options.ts';

/** A socket at the first address of the endpoint. */
export const bound: (to: Endpoint, options: UdpOptions) => Future<UdpHandle> = coroutine(function* (
  to: Endpoint,
  options: UdpOptions,
) {
  const [address] = yield* lookUp(to);
  return yield* new Bind(address!, null, options);
});

/** A socket whose peer is the first address of the endpoint: of the family of the local address, where there is one. */
export const connected: (to: Endpoint, from: Endpoint | undefined, options: UdpOptions) => Future<UdpHandle> =
  coroutine(function* (to: Endpoint, from: Endpoint | undefined, options: UdpOptions) {
    const peers = yield* lookUp(to);
    const locals = from === undefined ? ANYWHERE : yield* lookUp(from);
    const peer = peers.find(({ family }) => locals.some((local) => local.family === family)) ?? peers[0]!;
    const local = locals.find(({ family }) => family === peer.family) ?? locals[0]!;
    return yield* new Bind(local, peer, options);
  });
