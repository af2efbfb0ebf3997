/**
 * Proxies: through whom a request goes, as the environment says it.
 *
 * What must hold: the names are those that curl and others know: `http_proxy`, `HTTPS_PROXY` or `https_proxy`, `ALL_PROXY` or `all_proxy`,
 * `NO_PROXY` or `no_proxy`; the small one counts where there are both. `HTTP_PROXY` in capitals is what a client's `Proxy:` field becomes
 * in a CGI program (httpoxy, CVE-2016-5385): where there is a REQUEST_METHOD it is not looked at.
 *
 * NO_PROXY is a list of exceptions, separated by commas or blanks: `*` for all; a name for it and everything below it, with or without a
 * dot before it; `*.name` likewise; a numeric address, in brackets or not; a network as `10.0.0.0/8` or `fd00::/8`. With `:port` behind it, an
 * exception holds for that port.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { PawlError } from '../../error/index.ts';
import { basic, decode, type Target } from './target.ts';

/** A proxy, and how to speak to it. */
export class Proxy {
  /** It is spoken to in TLS. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Field lines for it. */
  readonly lines: string;

  /** Error: BAD_URL, which does not show the URL: it may have a password. */
  constructor(url: string) {
    const parsed = URL.parse(url.includes('://') ? url : `http://${url}`);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new PawlError('BAD_URL', 'a proxy is the URL of an HTTP proxy, "http://host:port": this is none');
    }
    const { protocol, hostname, port, username, password } = parsed;
    this.secure = protocol === 'https:';
    this.host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    this.port = port === '' ? (this.secure ? 443 : 80) : Number(port);
    const credentials = username === '' && password === '' ? null : basic(decode(username), decode(password));
    this.lines = credentials === null ? '' : `Proxy-Authorization: ${credentials}\r\n`;
  }
}

/** Which proxy a target has. */
export interface Proxies {
  of(target: Target): Proxy | null;
}

export const NO_PROXIES: Proxies = { of: () => null };

/** One for everything. */
export function oneProxy(url: string): Proxies {
  const proxy = new Proxy(url);
  return { of: () => proxy };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Read once, when a client is made. Error: BAD_URL. */
export function proxiesOf(environment: Environment): Proxies {
  const all = variable(environment, 'all_proxy', true);
  const upper = environment['REQUEST_METHOD'] === undefined;
  const plain = variable(environment, 'http_proxy', upper) ?? all;
  const secure = variable(environment, 'https_proxy', true) ?? all;
  if (plain === null && secure === null) return NO_PROXIES;
  const forPlain = plain === null ? null : new Proxy(plain);
  const forSecure = secure === null ? null : new Proxy(secure);
  const exceptions = new Exceptions(variable(environment, 'no_proxy', true) ?? '');
  return {
    of(target) {
      const proxy = target.secure ? forSecure : forPlain;
      return proxy === null || exceptions.has(target.host, target.port) ? null : proxy;
    },
  };
}

/** The value of a variable; an empty one is none. */
function variable(environment: Environment, name: string, upper: boolean): string | null {
  const value = environment[name] ?? (upper ? environment[name.toUpperCase()] : undefined);
  return value === undefined || value.trim() === '' ? null : value.trim();
}

interface Exception {
  readonly port: number | null;
  matches(host: string): boolean;
}

class Exceptions {
  private readonly list: readonly Exception[];

  constructor(text: string) {
    this.list = text
      .split(/[\s,]+/)
      .filter((entry) => entry !== '')
      .map((entry) => parse(entry.toLowerCase()));
  }

  has(host: string, port: number): boolean {
    const name = host.replace(/\.$/, '');
    return this.list.some(
      (exception) => (exception.port === null || exception.port === port) && exception.matches(name),
    );
  }
}

function parse(entry: string): Exception {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(entry);
  if (bracketed !== null) return exception(bracketed[1] as string, bracketed[2]);
  // An IPv6 address has more than one colon, and no port without brackets.
  const ported = /^([^:]*):(\d{1,5})$/.exec(entry);
  return ported === null ? exception(entry, undefined) : exception(ported[1] as string, ported[2]);
}

function exception(what: string, portText: string | undefined): Exception {
  const port = portText === undefined ? null : Number(portText);
  if (what === '*' || what === '') return { port, matches: () => what === '*' };
  const network = /^(.+)\/(\d{1,3})$/.exec(what);
  if (network !== null) return { port, matches: subnet(network[1] as string, Number(network[2])) };
  if (isIP(what) !== 0) return { port, matches: subnet(what, isIPv4(what) ? 32 : 128) };
  const name = what.replace(/^\*?\.?/, '').replace(/\.$/, '');
  return { port, matches: (host) => host === name || host.endsWith(`.${name}`) };
}

/** Nothing is in a network that is none. */
function subnet(address: string, prefix: number): (host: string) => boolean {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (isIP(address) === 0 || prefix > (family === 'ipv4' ? 32 : 128)) return () => false;
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return (host) => (isIPv4(host) ? list.check(host, 'ipv4') : isIPv6(host) && list.check(host, 'ipv6'));
}
