/** Identities: a server's credentials, each read once, by the object that has them. */
import type { TlsCredentials, TlsEngine, TlsIdentity } from '../../driver/tls.ts';

/** Of those that were used longest ago, more than so many are read again. */
const MOST = 500;

export class Identities {
  /** For clients that ask for no other. */
  readonly usual: TlsIdentity;
  private readonly engine: TlsEngine;
  private readonly known = new Map<TlsCredentials, TlsIdentity>();

  constructor(engine: TlsEngine, usual: TlsCredentials) {
    this.engine = engine;
    this.usual = engine.identity(usual);
  }

  of(credentials: TlsCredentials): TlsIdentity {
    const { known } = this;
    let identity = known.get(credentials);
    if (identity === undefined) identity = this.engine.identity(credentials);
    else known.delete(credentials);
    known.set(credentials, identity);
    if (known.size > MOST) {
      const [oldest] = known;
      const [key, old] = oldest as [TlsCredentials, TlsIdentity];
      known.delete(key);
      old.free();
    }
    return identity;
  }

  free(): void {
    this.usual.free();
    for (const identity of this.known.values()) identity.free();
    this.known.clear();
  }
}
