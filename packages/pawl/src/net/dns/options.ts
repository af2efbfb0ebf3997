/** Options of a resolver, as users write them. */
import { isIP } from 'node:net';
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { type Address, type Endpoint, parseEndpoint } from '../address.ts';
import { checkFlag, checkWhole } from '../options.ts';
import { toName } from './name.ts';

/** How names are looked up. What is not given is what `resolv.conf` says. */
export interface ResolverOptions {
  /** Name servers, by numeric addresses: `'10.0.0.53'`, `'10.0.0.53:5353'`, `'[::1]:53'`, or an object. Default port 53. */
  readonly servers?: readonly (string | { readonly host: string; readonly port?: number })[];
  /** Path of a file of names and their addresses (hosts(5)), or null for none. Default `/etc/hosts`. */
  readonly hosts?: string | null;
  /** Path of a file that says whom to ask, and how (resolv.conf(5)), or null for none. Default `/etc/resolv.conf`. */
  readonly resolvConf?: string | null;
  /** Domains that a name with few dots is looked for in. */
  readonly search?: readonly string[];
  /** A name with as many dots is first taken for a whole one. */
  readonly ndots?: number;
  /** Milliseconds for a server's answer, in the first round; twice as many in each one after it. */
  readonly timeout?: number;
  /** Rounds over all servers. */
  readonly attempts?: number;
  /** Each query begins with another server. */
  readonly rotate?: boolean;
  /** Asks over TCP only. */
  readonly useTcp?: boolean;
  /** Says how much an answer over UDP may have (EDNS0, 1232 bytes); servers that do not understand it are asked without. Default true. */
  readonly edns0?: boolean;
  /** Draws the case of each letter, which an answer must repeat: more for forgers to guess. A few servers do not. Default false. */
  readonly mixedCase?: boolean;
  /** Answers that are kept at the most; 0 keeps none. Default 1000. */
  readonly cacheSize?: number;
}

const DNS_PORT = 53;

/** Throws BAD_ADDRESS and BAD_PORT. */
export function toServer(server: string | { readonly host: string; readonly port?: number }): Endpoint {
  if (typeof server !== 'string' && (typeof server !== 'object' || server === null))
    throw new PawlError('BAD_ADDRESS', `a name server is an address, got ${String(server)}`);
  const address: Address =
    typeof server !== 'string'
      ? { host: server.host, port: server.port ?? DNS_PORT }
      : isIP(server) === 0
        ? server
        : { host: server, port: DNS_PORT };
  const endpoint = parseEndpoint(address);
  if (isIP(endpoint.host) === 0)
    throw new PawlError('BAD_ADDRESS', `a name server has a numeric address, not '${endpoint.host}'`, {
      address: endpoint.host,
    });
  if (endpoint.port === 0) throw new PawlError('BAD_PORT', 'port 0 is no port of a name server');
  return endpoint;
}

/** Throws BAD_ARGUMENT. */
export function checkResolver(options: ResolverOptions): void {
  knownOptions('a resolver', options, {
    servers: true,
    hosts: true,
    resolvConf: true,
    search: true,
    ndots: true,
    timeout: true,
    attempts: true,
    rotate: true,
    useTcp: true,
    edns0: true,
    mixedCase: true,
    cacheSize: true,
  });
  const { servers, hosts, resolvConf, search, ndots, timeout, attempts, cacheSize } = options;
  if (servers !== undefined && !(Array.isArray(servers) && servers.length > 0))
    throw new PawlError('BAD_ARGUMENT', 'servers are a list with one at least');
  if (hosts !== undefined && hosts !== null) checkText('hosts', hosts);
  if (resolvConf !== undefined && resolvConf !== null) checkText('resolvConf', resolvConf);
  if (search !== undefined && !Array.isArray(search))
    throw new PawlError('BAD_ARGUMENT', 'search is a list of domains');
  for (const domain of search ?? [])
    if (typeof domain !== 'string' || toName(domain) === null)
      throw new PawlError('BAD_ARGUMENT', `not a search domain: ${domain}`);
  if (ndots !== undefined) checkWhole('ndots', ndots, 0, 15);
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0))
    throw new PawlError('BAD_ARGUMENT', `timeout must be a number of milliseconds above zero, got ${String(timeout)}`);
  if (attempts !== undefined) checkWhole('attempts', attempts, 1, 100);
  for (const name of ['rotate', 'useTcp', 'edns0', 'mixedCase'] as const) checkFlag(name, options[name]);
  if (cacheSize !== undefined) checkWhole('cacheSize', cacheSize, 0, 10_000_000);
}

/** Throws BAD_ARGUMENT. */
export function checkText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new PawlError('BAD_ARGUMENT', `${what} is a string, got ${typeof value}`);
}
