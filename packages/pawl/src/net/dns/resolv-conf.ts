/**
 * ResolvConf: which servers are asked, and how (resolv.conf(5)).
 *
 * What must hold: what is unknown or out of range is passed over, or brought into range, as the C library does. Without a server it is the
 * one of this machine.
 */
import { isIP } from 'node:net';
import { foldCase, toName } from './name.ts';

export interface ResolvConf {
  /** Numeric addresses; the port is 53. */
  readonly servers: readonly string[];
  /** Domains that a name with few dots may be in. */
  readonly search: readonly string[];
  /** A name with as many dots is first taken for a whole one. */
  readonly ndots: number;
  /** Milliseconds for one server's answer, at first. */
  readonly timeout: number;
  /** Rounds over all servers. */
  readonly attempts: number;
  /** Each query begins with another server. */
  readonly rotate: boolean;
  /** Only over TCP. */
  readonly useTcp: boolean;
}

/** More servers, and more domains, are not looked at; nor are greater numbers. */
const MOST_SERVERS = 3;
const MOST_DOMAINS = 32;
const MOST_NDOTS = 15;
const MOST_TIMEOUT_S = 30;
const MOST_ATTEMPTS = 5;

export const DEFAULTS: ResolvConf = {
  servers: ['127.0.0.1'],
  search: [],
  ndots: 1,
  timeout: 5000,
  attempts: 2,
  rotate: false,
  useTcp: false,
};

export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let { search, ndots, timeout, attempts, rotate, useTcp } = DEFAULTS;
  for (const line of text.split('\n')) {
    if (/^[;#]/.test(line)) continue;
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') {
      if (isIP(values[0] ?? '') !== 0 && servers.length < MOST_SERVERS) servers.push(values[0]!);
    } else if (keyword === 'search') search = domains(values);
    else if (keyword === 'domain') search = domains(values.slice(0, 1));
    else if (keyword === 'options') {
      for (const option of values) {
        const [name, value] = option.split(':', 2);
        const number = /^\d{1,9}$/.test(value ?? '') ? Number(value) : null;
        if (name === 'rotate') rotate = true;
        else if (name === 'use-vc') useTcp = true;
        else if (number === null) continue;
        else if (name === 'ndots') ndots = Math.min(number, MOST_NDOTS);
        else if (name === 'timeout') timeout = Math.min(Math.max(number, 1), MOST_TIMEOUT_S) * 1000;
        else if (name === 'attempts') attempts = Math.min(Math.max(number, 1), MOST_ATTEMPTS);
      }
    }
  }
  return {
    servers: servers.length === 0 ? DEFAULTS.servers : servers,
    search,
    ndots,
    timeout,
    attempts,
    rotate,
    useTcp,
  };
}

function domains(values: readonly string[]): string[] {
  return values
    .map((value) => toName(value))
    .filter((name) => name !== null)
    .slice(0, MOST_DOMAINS)
    .map(foldCase);
}

/** The names that a host may have, in the order to ask. One that ends with a dot is a whole one. */
export function candidates(host: string, { search, ndots }: Pick<ResolvConf, 'search' | 'ndots'>): string[] {
  const name = toName(host);
  if (name === null) return [];
  if (host.endsWith('.')) return [name];
  const within = search.map((domain) => toName(`${name}.${domain}`)).filter((whole) => whole !== null);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...within] : [...within, name];
}
