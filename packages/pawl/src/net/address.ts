/**
 * Addresses as users write them: a port, `'host:port'`, `'[::1]:port'`, or an object.
 *
 * What must hold: an address that cannot be one is refused before any socket or lookup exists, with BAD_ADDRESS or BAD_PORT. A host that
 * looks numeric but is not (`127.1`, `1.2.3.400`) is refused too: getaddrinfo would read it as inet_aton(3) does, which surprises.
 */
import { isIP, isIPv6 } from 'node:net';
import type { SocketAddress } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';

/**
 * Where to listen or to connect: a port (on `127.0.0.1`), `'host:port'` (an IPv6 host in brackets: `'[::1]:8080'`), or an object (a
 * `SocketAddress` is one). The host is a numeric address or a name. Port 0 lets the system choose one (listening only).
 */
export type Address =
  | number
  | string
  | {
      readonly host?: string;
      readonly port: number;
      /** IPv6 zone index of a numeric host. */
      readonly scope?: number;
    };

/** An address whose parts have been checked, and whose host may still be a name. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Loopback: a server is on the network only if its address says so. */
const DEFAULT_HOST = '127.0.0.1';

/** Throws BAD_ADDRESS or BAD_PORT. */
export function parseEndpoint(address: Address): Endpoint {
  if (typeof address === 'number') return { host: DEFAULT_HOST, port: checkPort(address) };
  if (typeof address === 'string') return parseText(address);
  if (typeof address !== 'object' || address === null) {
    throw new PawlError('BAD_ADDRESS', `an address is a port, 'host:port' or { host, port }, got ${String(address)}`);
  }
  const { host = DEFAULT_HOST, port, scope = 0 } = address;
  return { host: checkHost(scope === 0 ? host : `${host}%${scope}`), port: checkPort(port) };
}

function parseText(text: string): Endpoint {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) {
    const hint = isIPv6(text) ? `: write [${text}]:port` : '';
    throw new PawlError('BAD_ADDRESS', `an address is 'host:port' or '[IPv6]:port', got '${text}'${hint}`, {
      address: text,
    });
  }
  const [, bracketed, plain = '', port = ''] = match;
  if (bracketed !== undefined && !isIPv6(bracketed)) throw badHost(bracketed, 'what is in brackets is an IPv6 address');
  return { host: checkHost(bracketed ?? plain), port: checkPort(/^\d{1,5}$/.test(port) ? Number(port) : port) };
}

function checkHost(host: unknown): string {
  if (typeof host !== 'string') throw badHost(String(host), `a host is a string, not ${typeof host}`);
  if (isIP(host) !== 0) return host;
  if (host === '') throw badHost(host, 'the host is empty');
  if (host.includes(':') || /^[\d.]+$/.test(host)) throw badHost(host, 'not a numeric IP address');
  // oxlint-disable-next-line no-control-regex -- a NUL would cut the name short in C
  if (/[\s/@[\]\u0000-\u001F]/.test(host) || host.length > 253) throw badHost(host, 'not a host name');
  return host;
}

function badHost(host: string, why: string): PawlError {
  return new PawlError('BAD_ADDRESS', `${why}: '${host}'`, { address: host });
}

function checkPort(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  const shown = typeof port === 'string' ? `'${port}'` : String(port);
  throw new PawlError('BAD_PORT', `a port is an integer from 0 to 65535, got ${shown}`);
}

/**
 * An address as text that {@link Address} accepts: `127.0.0.1:80`, `[::1]:80`, `[fe80::1%2]:80`.
 *
 * @example
 * ```ts
 * import { formatAddress } from 'pawl/net';
 * console.log(formatAddress({ host: '::1', port: 80, family: 6 })); // [::1]:80
 * ```
 */
export function formatAddress(address: SocketAddress): string {
  const { host, port, family, scope = 0 } = address;
  if (family === 4) return `${host}:${port}`;
  return scope === 0 ? `[${host}]:${port}` : `[${host}%${scope}]:${port}`;
}
