/**
 * Resolver: names to addresses and other records, over UDP and TCP, by what a machine's files say.
 *
 * What must hold: concurrent questions of the same kind about the same name share one query, which ends when nobody waits for it any more. An
 * answer is kept as long as it lasts, and no longer, in bounded memory.
 */
import { isIP } from 'node:net';
import type { SocketAddress } from '../../driver/driver.ts';
import { Instant } from '../../driver/instant.ts';
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { joinSettled } from '../../future/join-settled.ts';
import { map } from '../../future/map.ts';
import { Semaphore } from '../../sync/semaphore.ts';
import { type Memo, memo } from '../../task/memo.ts';
import type { Endpoint } from '../address.ts';
import { Resolve } from '../resolve.ts';
import { type Answer, answerOf, MOST_ALIASES } from './answer.ts';
import { ask, type AskCounts } from './ask.ts';
import { Cache } from './cache.ts';
import { ConfigFile } from './config-file.ts';
import { dnsError, isDnsError } from './errors.ts';
import { type Hosts, NO_HOSTS, parseHosts } from './hosts.ts';
import { formatIp, parseIp, reverseName } from './ip.ts';
import { foldCase, Malformed, toName } from './name.ts';
import { checkResolver, checkText, type ResolverOptions, toServer } from './options.ts';
import { Order } from './order.ts';
import { type DataOf, type MxRecord, type QueryType, type SrvRecord, TYPES } from './record.ts';
import { candidates, DEFAULTS, parseResolvConf, type ResolvConf } from './resolv-conf.ts';

/** An address of a name. */
export interface LookupAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Which addresses of a name are wanted. */
export interface LookupOptions {
  readonly family?: 4 | 6;
}

/** What a resolver has done so far. */
export interface ResolverMetrics {
  /** Queries that were sent, again and over TCP included. */
  readonly sent: number;
  readonly overTcp: number;
  /** Servers that did not answer in time. */
  readonly timeouts: number;
  /** Messages that were no answer to what had been asked: forged, or late. */
  readonly refused: number;
  /** Questions that the cache has answered. */
  readonly hits: number;
  /** Answers that are kept now. */
  readonly cached: number;
  /** Queries under way now. */
  readonly pending: number;
}

/** Told of addresses before all are known. */
export type Found = (some: readonly SocketAddress[]) => void;

/** Queries under way at the most: each has a socket. */
const MOST_QUERIES = 256;

/** What fits into one packet nearly everywhere (the flag day of 2020). */
const UDP_SIZE = 1232;

/** As Node's errors name what was done. */
const LOOKUP = 'getaddrinfo';

/**
 * A resolver with servers, files and a cache of its own. `TcpStream.connect` and the others use one by themselves, where what it finds is what
 * the system would (see `pawl doctor`); make another one to ask other servers, or for other records. It needs nothing of Node: it works inside
 * `blockOn` and in simulated worlds. A resolver belongs to one thread, or one world.
 *
 * Every lookup fails with ENOTFOUND (there is no such name), ENODATA (it has no such records), ETIMEOUT, ECONNREFUSED, ESERVFAIL, EREFUSED,
 * EFORMERR, ENOTIMP, EBADRESP (the answer is malformed) or EBADNAME, with `hostname` and `syscall`. Cancelling one is *safe*: its query
 * is stopped, unless somebody else waits for it, too.
 *
 * @example
 * ```ts
 * import { blockOn } from 'pawl';
 * import { Resolver } from 'pawl/net';
 * const resolver = new Resolver();
 * console.log(blockOn(resolver.lookup('localhost', { family: 4 }))); // [ { address: '127.0.0.1', family: 4 } ]
 * ```
 */
export class Resolver {
  private readonly options: ResolverOptions;
  private readonly servers: readonly Endpoint[] | null;
  private readonly hosts: ConfigFile<Hosts> | null;
  private readonly conf: ConfigFile<ResolvConf> | null;
  /** What `conf` has said last. */
  private said: ResolvConf | null = null;
  private readonly cache: Cache;
  private readonly permits: Semaphore = new Semaphore(MOST_QUERIES, { name: 'DNS queries' });
  private readonly counts: AskCounts & { hits: number; turn: number } = {
    sent: 0,
    overTcp: 0,
    timeouts: 0,
    refused: 0,
    hits: 0,
    turn: 0,
  };

  /** Who asks the same at the same time shares a query. */
  private readonly query: Memo<[key: string, name: string, type: QueryType, settings: Settings], Answer>;

  constructor(options: ResolverOptions = {}) {
    checkResolver(options);
    const { servers, hosts = '/etc/hosts', resolvConf = '/etc/resolv.conf', cacheSize = 1000 } = options;
    this.options = options;
    this.servers = servers === undefined ? null : servers.map(toServer);
    this.hosts = hosts === null ? null : new ConfigFile(hosts, parseHosts, NO_HOSTS);
    this.conf = resolvConf === null ? null : new ConfigFile(resolvConf, parseResolvConf, DEFAULTS);
    this.cache = new Cache(cacheSize);
    // By this name a dump tells of the task.
    const dnsQuery = (...question: Parameters<Resolver['asking']>): Future<Answer> => this.asking(...question);
    this.query = memo(dnsQuery, { keep: false });
  }

  /** Counts since it was made. */
  get metrics(): ResolverMetrics {
    const { sent, overTcp, timeouts, refused, hits } = this.counts;
    return { sent, overTcp, timeouts, refused, hits, cached: this.cache.size, pending: this.query.size };
  }

  /** Forgets what it keeps. */
  clear(): void {
    this.cache.clear();
  }

  /**
   * The addresses of a name, in the order to try: of the hosts file, else of the servers, where a name with few dots is looked for in the search
   * domains. A numeric address is its own. `localhost` and what ends with it is this machine, `.invalid` and `.onion` are nothing (RFC 6761,
   * RFC 7686).
   */
  lookup(host: string, options: LookupOptions = {}): Future<LookupAddress[]> {
    knownOptions('a lookup', options, { family: true });
    const { family } = options;
    if (family !== undefined && family !== 4 && family !== 6)
      throw new PawlError('BAD_ARGUMENT', `family is 4 or 6, got ${String(family)}`);
    checkText('a host', host);
    return map(this.addresses(host, undefined, family), (found) =>
      found.map(({ host: address, family: of }) => ({ address, family: of })),
    );
  }

  /** IPv4 addresses (A records) of a whole name: no file and no search domains. */
  resolve4(name: string): Future<string[]> {
    return this.records(name, 'A');
  }

  /** IPv6 addresses (AAAA records) of a whole name. */
  resolve6(name: string): Future<string[]> {
    return this.records(name, 'AAAA');
  }

  /** What a name is another name for (CNAME). */
  resolveCname(name: string): Future<string[]> {
    return this.records(name, 'CNAME');
  }

  /** Who takes mail for a domain (MX), the preferred ones first. */
  resolveMx(name: string): Future<MxRecord[]> {
    return map(this.records(name, 'MX'), (all) => all.toSorted((a, b) => a.priority - b.priority));
  }

  /** The names that a name points at (PTR). */
  resolvePtr(name: string): Future<string[]> {
    return this.records(name, 'PTR');
  }

  /** The servers of a service (SRV): `_http._tcp.example.com`; those to try first come first, among equals the weightier. */
  resolveSrv(name: string): Future<SrvRecord[]> {
    return map(this.records(name, 'SRV'), (all) =>
      all.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight),
    );
  }

  /** Texts (TXT), each in the strings that it comes in. */
  resolveTxt(name: string): Future<(readonly string[])[]> {
    return this.records(name, 'TXT');
  }

  /** The names of a numeric address: of the hosts file, else of the servers. Throws BAD_ADDRESS at once. */
  reverse(address: string): Future<string[]> {
    checkText('an address', address);
    if (isIP(address) === 0) throw new PawlError('BAD_ADDRESS', `not a numeric IP address: ${address}`, { address });
    return this.namesOf(address);
  }

  /** @internal For connecting: as `lookup`, and tells of those that it knows before it knows them all. Port 0. */
  readonly addresses: (host: string, found?: Found, family?: 4 | 6) => Future<readonly SocketAddress[]> = coroutine(
    function* (this: Resolver, host: string, found: Found = () => {}, family?: 4 | 6) {
      const wanted = (all: readonly string[]): SocketAddress[] =>
        all.map(toAddress).filter((each) => family === undefined || each.family === family);
      if (isIP(host) !== 0) return nonEmpty(host, wanted([host]));
      const name = toName(host);
      if (name === null) throw dnsError('EBADNAME', LOOKUP, host);
      const folded = foldCase(name);
      const { addresses } = yield* this.hostsFile();
      const listed = addresses.get(folded);
      if (listed !== undefined) return nonEmpty(host, yield* new Order(wanted(listed)));
      if (/(?:^|\.)localhost$/.test(folded)) return wanted(['127.0.0.1', '::1']);
      if (/(?:^|\.)(?:invalid|onion)$/.test(folded)) throw dnsError('ENOTFOUND', LOOKUP, host);
      const conf = yield* this.settings();
      let failure = dnsError('ENOTFOUND', LOOKUP, host);
      for (const candidate of candidates(host, conf)) {
        try {
          const all = yield* this.both(candidate, family, found);
          return yield* new Order(wanted(all));
        } catch (error) {
          if (!isDnsError(error, 'ENOTFOUND', 'ENODATA', 'ESERVFAIL')) throw renamed(error, host, LOOKUP);
          // What is there without addresses, or perhaps there, says more than what is not.
          if (error.code !== 'ENOTFOUND') failure = renamed(error, host, LOOKUP);
        }
      }
      throw failure;
    },
  ).bind(this);

  /** A name's addresses of both families, asked for at the same time; those of one of them when the other fails. */
  private readonly both = coroutine(function* (this: Resolver, name: string, family: 4 | 6 | undefined, found: Found) {
    const types = (['AAAA', 'A'] as const).filter((type) => family === undefined || (type === 'A') === (family === 4));
    const told = types.map((type) =>
      map(this.records(name, type), (all) => {
        found(all.map(toAddress));
        return all;
      }),
    );
    const results = yield* joinSettled(told);
    const all = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (all.length > 0) return all;
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    throw (
      failures.find((each) => !isDnsError(each, 'ENOTFOUND', 'ENODATA')) ??
      failures.find((each) => isDnsError(each, 'ENODATA')) ??
      failures[0]
    );
  });

  private readonly namesOf = coroutine(function* (this: Resolver, address: string) {
    const { names } = yield* this.hostsFile();
    const listed = names.get(formatIp(parseIp(address)));
    if (listed !== undefined) return [...listed];
    return yield* this.records(reverseName(address), 'PTR');
  });

  /** The records of a whole name. */
  private records<T extends QueryType>(host: string, type: T): Future<DataOf[T][]> {
    checkText('a name', host);
    return this.found(host, type) as Future<unknown> as Future<DataOf[T][]>;
  }

  private readonly found = coroutine(function* (this: Resolver, host: string, type: QueryType) {
    const syscall = syscallOf(type);
    let name = toName(host);
    if (name === null) throw dnsError('EBADNAME', syscall, host);
    for (let aliases = 0; aliases <= MOST_ALIASES;) {
      let answer: Answer;
      try {
        answer = yield* this.answer(name, type);
      } catch (error) {
        throw renamed(error, host, syscall);
      }
      if (answer.alias === null) {
        if (answer.data.length > 0) return [...answer.data];
        throw dnsError(answer.noName ? 'ENOTFOUND' : 'ENODATA', syscall, host);
      }
      name = answer.alias;
      aliases += answer.aliases;
    }
    throw dnsError('EBADRESP', syscall, host, new Malformed(`more than ${MOST_ALIASES} aliases`));
  });

  private readonly answer = coroutine(function* (this: Resolver, name: string, type: QueryType) {
    const key = `${type} ${foldCase(name)}`;
    const settings = yield* this.settings();
    const kept = this.cache.get(key, Instant.now());
    if (kept === undefined) return yield* this.query(key, name, type, settings);
    this.counts.hits++;
    return kept;
  });

  private readonly asking = coroutine(function* (
    this: Resolver,
    key: string,
    name: string,
    type: QueryType,
    settings: Settings,
  ) {
    const { mixedCase = false, edns0 = true } = this.options;
    const { servers, rotate } = settings;
    const first = rotate ? this.counts.turn++ % servers.length : 0;
    const question = { name, type: TYPES[type] };
    const how = {
      ...settings,
      servers: [...servers.slice(first), ...servers.slice(0, first)],
      mixedCase,
      udpSize: edns0 ? UDP_SIZE : 0,
      syscall: syscallOf(type),
    };
    using _permit = yield* this.permits.acquire();
    const message = yield* ask(question, how, this.counts);
    let answer: Answer;
    try {
      answer = answerOf(message, question);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      throw dnsError('EBADRESP', how.syscall, name, error);
    }
    this.cache.set(key, answer, Instant.now());
    return answer;
  });

  private readonly hostsFile = coroutine(function* (this: Resolver) {
    return this.hosts === null ? NO_HOSTS : yield* this.hosts.read();
  });

  /** What the file says, where the options say nothing. What other servers have said is forgotten with them. */
  private readonly settings = coroutine(function* (this: Resolver): Steps<Settings> {
    const { options } = this;
    const file = this.conf === null ? DEFAULTS : yield* this.conf.read();
    if (file !== this.said) this.cache.clear();
    this.said = file;
    const servers: SocketAddress[] = [];
    for (const endpoint of this.servers ?? file.servers.map(toServer)) servers.push(...(yield* new Resolve(endpoint)));
    return {
      servers,
      search: options.search ?? file.search,
      ndots: options.ndots ?? file.ndots,
      timeout: options.timeout ?? file.timeout,
      attempts: options.attempts ?? file.attempts,
      rotate: options.rotate ?? file.rotate,
      useTcp: options.useTcp ?? file.useTcp,
    };
  });
}

/** What holds for a query: of the options, else of the file. */
type Settings = Omit<ResolvConf, 'servers'> & { readonly servers: readonly SocketAddress[] };

function syscallOf(type: QueryType): string {
  return `query${type.length === 1 || type === 'AAAA' ? (type === 'A' ? 'A' : 'Aaaa') : type[0] + type.slice(1).toLowerCase()}`;
}

function toAddress(host: string): SocketAddress {
  return { host, port: 0, family: host.includes(':') ? 6 : 4 };
}

function nonEmpty(host: string, all: readonly SocketAddress[]): readonly SocketAddress[] {
  if (all.length === 0) throw dnsError('ENODATA', LOOKUP, host);
  return all;
}

/** The failure of a query, about what was asked for: a name that was looked up with a domain, or whose alias it is. */
function renamed(error: unknown, host: string, syscall: string): PawlError {
  if (!(error instanceof PawlError)) throw error;
  if (!isDnsError(error, ...QUERY_CODES) || (error.hostname === host && error.syscall === syscall)) return error;
  return dnsError(error.code as (typeof QUERY_CODES)[number], syscall, host, error);
}

const QUERY_CODES = [
  'ENOTFOUND',
  'ENODATA',
  'ETIMEOUT',
  'ECONNREFUSED',
  'ESERVFAIL',
  'EREFUSED',
  'EFORMERR',
  'ENOTIMP',
  'EBADRESP',
] as const;
