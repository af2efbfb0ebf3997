/** Options of TLS, checked before there is a connection, and what they are by default. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Pem, TlsClientConfig, TlsCredentials, TlsEngine, TlsVersion, TlsVersions } from '../../driver/tls.ts';
import { PawlError } from '../../error/index.ts';

/** What both sides have. */
export interface TlsOptions {
  /** The oldest version that may be used. Default: Node's (`tls.DEFAULT_MIN_VERSION`, TLSv1.2 unless Node was told otherwise). */
  readonly minVersion?: TlsVersion;
  /** The newest. Default: Node's, TLSv1.3. */
  readonly maxVersion?: TlsVersion;
  /** Application protocols (ALPN), the preferred one first: `['h2', 'http/1.1']`. Default: none. */
  readonly alpn?: readonly string[];
  /** PEM of the certificates to trust, instead of those that Node trusts by default. */
  readonly ca?: Pem | readonly Pem[];
}

/** A client's side of TLS. */
export interface TlsClientOptions extends TlsOptions {
  /** Whom the server's certificate must name; sent to the server unless it is a numeric address. Default: the host of the address. */
  readonly servername?: string;
  /** This client's certificate (PEM, its chain after it), for a server that asks for one. Needs `key`. */
  readonly cert?: Pem;
  readonly key?: Pem;
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /**
   * False accepts any certificate: the connection is then encrypted, but nobody knows with whom; `authorized` and `authorizationError` say what
   * was wrong. Default true.
   */
  readonly rejectUnauthorized?: boolean;
}

/** Throws BAD_ARGUMENT. */
export function checkTls(options: TlsOptions): void {
  const { minVersion, maxVersion, alpn = [], ca } = options;
  for (const version of [minVersion, maxVersion]) {
    if (version === undefined || version === 'TLSv1.2' || version === 'TLSv1.3') continue;
    throw new PawlError('BAD_ARGUMENT', `a version is 'TLSv1.2' or 'TLSv1.3', got ${String(version)}`);
  }
  if (minVersion === 'TLSv1.3' && maxVersion === 'TLSv1.2') {
    throw new PawlError('BAD_ARGUMENT', 'minVersion is newer than maxVersion');
  }
  if (!Array.isArray(alpn)) throw new PawlError('BAD_ARGUMENT', 'alpn is a list of protocol names');
  for (const name of alpn as readonly unknown[]) {
    // RFC 7301, section 3.1: from 1 to 255 bytes.
    // oxlint-disable-next-line no-control-regex -- a name is any bytes
    if (typeof name === 'string' && /^[\u0000-\u00FF]{1,255}$/.test(name)) continue;
    throw new PawlError('BAD_ARGUMENT', `an ALPN protocol name has from 1 to 255 bytes, got '${String(name)}'`);
  }
  if (ca !== undefined) for (const pem of list(ca)) checkPem('ca', pem);
}

/** Throws BAD_ARGUMENT. */
export function checkPem(name: string, pem: unknown): void {
  if (typeof pem === 'string' || pem instanceof Uint8Array) return;
  throw new PawlError('BAD_ARGUMENT', `${name} is PEM, as a string or its bytes, got ${typeof pem}`);
}

/** Throws BAD_ARGUMENT. */
export function checkTime(name: string, ms: unknown): void {
  if (typeof ms === 'number' && ms >= 0) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a number of milliseconds, zero or more, got ${String(ms)}`);
}

/** Null when there are none. Throws BAD_ARGUMENT when one half is missing. */
export function credentialsOf({ cert, key, passphrase }: TlsClientOptions): TlsCredentials | null {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw new PawlError('BAD_ARGUMENT', 'cert and key go together');
  checkPem('cert', cert);
  checkPem('key', key);
  return passphrase === undefined ? { cert, key } : { cert, key, passphrase };
}

/** The name to expect, in ASCII and without a final dot, as certificates have it. Throws BAD_ADDRESS. */
export function expectedHost(servername: string): string {
  if (isIP(servername) !== 0) return servername;
  const ascii = domainToASCII(servername).replace(/\.$/, '');
  if (ascii !== '') return ascii;
  throw new PawlError('BAD_ADDRESS', `not a host name that a certificate can be for: '${servername}'`, {
    address: servername,
  });
}

/** A session of these options, which have been checked. Throws what is wrong with a certificate or key. */
export function clientSession(
  engine: TlsEngine,
  host: string,
  options: TlsClientOptions,
): ReturnType<TlsEngine['client']> {
  const credentials = credentialsOf(options);
  const identity = credentials === null ? null : engine.identity(credentials);
  try {
    const config: TlsClientConfig = {
      host,
      verify: options.rejectUnauthorized ?? true,
      ca: authorities(options),
      identity,
      alpn: options.alpn ?? [],
      ...versions(options),
    };
    return engine.client(config);
  } finally {
    // The session has taken what it needs.
    identity?.free();
  }
}

export function versions({ minVersion, maxVersion }: TlsOptions): TlsVersions {
  return { minVersion, maxVersion };
}

export function authorities({ ca }: TlsOptions): readonly Pem[] | null {
  return ca === undefined ? null : list(ca);
}

function list(ca: Pem | readonly Pem[]): readonly Pem[] {
  return Array.isArray(ca) ? (ca as readonly Pem[]) : [ca as Pem];
}
