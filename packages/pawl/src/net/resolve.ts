/** Resolve: an endpoint's addresses as the driver's world knows them, in the order to try. A numeric host needs no lookup and no wait. */
import { driverOf, type NameLookup, type SocketAddress } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import type { Endpoint } from './address.ts';

/** Cancelling it is *safe*. Throws ENOTFOUND, EAI_AGAIN, …; BLOCKING_NODE for a name inside `blockOn`. */
export class Resolve extends Future<readonly SocketAddress[]> {
  private endpoint: Endpoint | null;
  private lookup: NameLookup | null = null;

  constructor(endpoint: Endpoint) {
    super();
    this.endpoint = endpoint;
  }

  override poll(cx: Context): Poll<readonly SocketAddress[]> {
    const { endpoint } = this;
    if (endpoint === null) throw alreadyCompleted('a name lookup');
    this.lookup ??= driverOf(cx).net.resolve(endpoint.host);
    let found: Poll<readonly SocketAddress[]>;
    try {
      found = this.lookup.poll(cx);
    } catch (error) {
      this.endpoint = null;
      throw error;
    }
    if (found === PENDING) return PENDING;
    this.endpoint = null;
    const { port } = endpoint;
    return found.map(({ host, family, scope = 0 }) =>
      scope === 0 ? { host, port, family } : { host, port, family, scope },
    );
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `look up ${this.endpoint?.host}` };
  }

  override cancel(_cx: Context): Poll<void> {
    this.endpoint = null;
    this.lookup?.forget();
    return undefined;
  }
}
