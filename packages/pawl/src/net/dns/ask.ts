/**
 * Ask: a question to the servers, one after another, until one answers.
 *
 * What must hold: each server is asked `attempts` times at the most, and given twice the time in each round, up to a minute. One that does not answer such
 * questions is not asked again. What no server has answered fails with what the last one did,
 * a shortage of descriptors or memory at once.
 */
import type { SocketAddress } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { timeout } from '../../time/timeout.ts';
import { type DnsCode, dnsError } from './errors.ts';
import { type Counts, exchange } from './exchange.ts';
import {
  BADVERS,
  FORMERR,
  type Message,
  NOERROR,
  NOTIMP,
  NXDOMAIN,
  type Question,
  REFUSED,
  SERVFAIL,
} from './message.ts';
import { Malformed } from './name.ts';

/** How a question is asked. */
export interface AskOptions {
  /** In the order to try. */
  readonly servers: readonly SocketAddress[];
  /** Milliseconds for an answer, in the first round. */
  readonly timeout: number;
  readonly attempts: number;
  readonly useTcp: boolean;
  readonly mixedCase: boolean;
  /** Bytes that an answer over UDP may have; 0 does not say. */
  readonly udpSize: number;
  /** For errors: `queryA`, … */
  readonly syscall: string;
}

/** Milliseconds for which a server is waited for at the most, unless the first round is longer. */
const LONGEST = 60_000;

const CODES: ReadonlyMap<number, DnsCode> = new Map([
  [FORMERR, 'EFORMERR'],
  [SERVFAIL, 'ESERVFAIL'],
  [NOTIMP, 'ENOTIMP'],
  [REFUSED, 'EREFUSED'],
]);

/** An answer: with NOERROR or NXDOMAIN. Cancelling it is *safe*. */
export const ask: (question: Question, options: AskOptions, counts: AskCounts) => Future<Message> = coroutine(
  function* (question: Question, options: AskOptions, counts: AskCounts) {
    const hopeless = new Set<SocketAddress>();
    let failure: PawlError = dnsError('ECONNREFUSED', options.syscall, question.name);
    for (let round = 0; round < options.attempts; round++) {
      for (const server of options.servers) {
        if (hopeless.has(server)) continue;
        const limit = Math.min(options.timeout * 2 ** round, Math.max(options.timeout, LONGEST));
        try {
          const message = yield* askOne(server, question, options, limit, counts);
          if (message.rcode === NOERROR || message.rcode === NXDOMAIN) return message;
          const code = CODES.get(message.rcode) ?? 'ESERVFAIL';
          if (code !== 'ESERVFAIL') hopeless.add(server);
          failure = dnsError(code, options.syscall, question.name);
        } catch (error) {
          failure = failureOf(error, options, question, counts);
        }
      }
    }
    throw failure;
  },
);

export interface AskCounts extends Counts {
  /** Servers that have not answered in time. */
  timeouts: number;
}

/** What the program has not enough of: no other server changes that. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

function failureOf(error: unknown, { syscall }: AskOptions, { name }: Question, counts: AskCounts): PawlError {
  if (error instanceof Malformed) return dnsError('EBADRESP', syscall, name, error);
  if (!(error instanceof PawlError)) throw error;
  if (error.code === 'TIMEOUT') {
    counts.timeouts++;
    return dnsError('ETIMEOUT', syscall, name, error);
  }
  // The library's own (the permission model forbids the network) are not the server's fault either.
  if (error.syscall === undefined || SHORTAGES.has(error.code)) throw error;
  return dnsError('ECONNREFUSED', syscall, name, error);
}

const askOne = coroutine(function* (
  server: SocketAddress,
  question: Question,
  { useTcp, mixedCase, udpSize }: AskOptions,
  limit: number,
  counts: Counts,
) {
  const once = (size: number): Future<Message> =>
    timeout(limit, exchange(server, { ...question, udpSize: size }, { overTcp: useTcp, mixedCase }, counts));
  const message = yield* once(udpSize);
  // A server that knows no options (RFC 6891, 7).
  if (udpSize > 0 && (message.rcode === FORMERR || message.rcode === NOTIMP || message.rcode === BADVERS))
    return yield* once(0);
  return message;
});
