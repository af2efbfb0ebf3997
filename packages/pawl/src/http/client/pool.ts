/**
 * Pool: the connections of one client, by origin.
 *
 * What must hold: an origin that has neither connections nor waiters is forgotten, so that a client that asks many hosts does not grow.
 */
import { closed, Origin } from './origin.ts';
import type { Proxies } from './proxy.ts';
import type { Target } from './target.ts';

export class Pool {
  /** Connections to an origin. */
  readonly limit: number;
  /** How long an idle connection is kept, in ms. */
  readonly idleTimeout: number;
  closed = false;
  private readonly proxies: Proxies;
  private readonly origins = new Map<string, Origin>();

  constructor(limit: number, idleTimeout: number, proxies: Proxies) {
    this.limit = limit;
    this.idleTimeout = idleTimeout;
    this.proxies = proxies;
  }

  /** Throws CLOSED. */
  originOf(target: Target): Origin {
    const { origin } = target;
    if (origin !== null && origin.pool === this && !origin.retired) return origin;
    if (this.closed) throw closed();
    let found = this.origins.get(target.key);
    if (found === undefined) {
      found = new Origin(this, target.key, this.proxies.of(target));
      this.origins.set(target.key, found);
    }
    target.origin = found;
    return found;
  }

  forget(origin: Origin): void {
    this.origins.delete(origin.key);
  }

  close(): void {
    this.closed = true;
    for (const origin of this.origins.values()) {
      origin.retired = true;
      origin.close();
    }
  }

  /** Live counts over all origins. */
  get counts(): { readonly origins: number; readonly open: number; readonly idle: number; readonly waiting: number } {
    const sum = { origins: this.origins.size, open: 0, idle: 0, waiting: 0 };
    for (const { counts } of this.origins.values()) {
      sum.open += counts.open;
      sum.idle += counts.idle;
      sum.waiting += counts.waiting;
    }
    return sum;
  }
}
