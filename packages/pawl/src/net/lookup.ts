/** Looking up: an endpoint's addresses by whichever resolver is to be asked. A numeric host needs none, and no wait. */
import { isIP } from 'node:net';
import type { SocketAddress } from '../driver/driver.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import type { Endpoint } from './address.ts';
import type { Found, Resolver } from './dns/resolver.ts';
import { systemResolver } from './dns/system.ts';
import { Resolve } from './resolve.ts';

/**
 * The addresses, in the order to try; those that are known before all are, `found` is told. Cancelling it is *safe*. Throws ENOTFOUND and its
 * kin.
 */
export function lookUp(to: Endpoint, resolver?: Resolver, found?: Found): Future<readonly SocketAddress[]> {
  return isIP(to.host) === 0 ? byName(to, resolver, found) : new Resolve(to);
}

const byName = coroutine(function* ({ host, port }: Endpoint, given: Resolver | undefined, found: Found | undefined) {
  const resolver = given ?? (yield* systemResolver());
  if (resolver === null) return yield* new Resolve({ host, port });
  const withPort = (all: readonly SocketAddress[]): SocketAddress[] => all.map((address) => ({ ...address, port }));
  return withPort(yield* resolver.addresses(host, found === undefined ? undefined : (some) => found(withPort(some))));
});
