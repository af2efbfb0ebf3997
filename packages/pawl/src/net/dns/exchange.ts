/**
 * Exchange: one query to one server, and its answer.
 *
 * What must hold:
 * - Each query has a socket of its own, connected to the server: a port that the system draws, and nothing is received from anybody else. Its
 *   id is drawn, too, and an answer must repeat id and question (RFC 5452, 9). What does not is passed over and counted; when there is so
 *   much of it that somebody must be guessing, the query is asked over TCP.
 * - A truncated answer is asked for again over TCP (RFC 7766, 5).
 * - Whatever happens, the socket is closed.
 */
import type { SocketAddress, TcpStreamHandle } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import type { Reader } from '../../io/stream.ts';
import { readExact } from '../../io/transfer.ts';
import { formatAddress } from '../address.ts';
import { Attempt } from '../attempt.ts';
import { Read } from '../read.ts';
import { Socket } from '../socket.ts';
import { ANYWHERE, Bind } from '../udp/make.ts';
import type { Bound } from '../udp/bound.ts';
import { Receive } from '../udp/receive.ts';
import { Send } from '../udp/send.ts';
import { WriteAll } from '../write.ts';
import { decodeMessage, encodeQuery, isAnswerTo, isCutShort, type Message, type Query } from './message.ts';
import { Malformed } from './name.ts';
import { typeName } from './record.ts';

/** What the exchanges of a resolver have counted. */
export interface Counts {
  /** Datagrams and messages sent. */
  sent: number;
  /** Those of them over TCP. */
  overTcp: number;
  /** Messages that came and answered nothing that had been asked. */
  refused: number;
}

/** How an exchange is done. */
export interface ExchangeOptions {
  readonly overTcp: boolean;
  /** The case of the letters is drawn as well, and must be repeated. */
  readonly mixedCase: boolean;
}

/** So many answers to something else, and somebody is guessing. */
const MOST_MISSES = 20;

/** More than a server may send unless it is told that it may. */
const RECEIVED = 4096;

/** Throws Malformed when the answer is none, and the system's errors. Cancelling it is *safe*. */
export const exchange: (
  server: SocketAddress,
  query: Omit<Query, 'id'>,
  options: ExchangeOptions,
  counts: Counts,
) => Future<Message> = coroutine(function* (
  server: SocketAddress,
  asked: Omit<Query, 'id'>,
  options: ExchangeOptions,
  counts: Counts,
) {
  const query: Query = { ...asked, name: options.mixedCase ? mixCase(asked.name) : asked.name, id: drawId() };
  if (!options.overTcp) {
    const answer = yield* overUdp(server, query, options, counts);
    if (answer !== null) return answer;
  }
  return yield* overTcp(server, query, options, counts);
});

/** Looked up at each use: in a simulated world it is the host's own. */
function drawId(): number {
  return crypto.getRandomValues(new Uint16Array(1))[0]!;
}

/** Each letter large or small (draft-vixie-dnsext-dns0x20). */
function mixCase(name: string): string {
  const bits = crypto.getRandomValues(new Uint8Array(name.length));
  return name.replace(/[a-z]/gi, (letter, at: number) =>
    (bits[at]! & 1) === 0 ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

class ReceiveAnswer extends Receive {
  private readonly what: string;

  constructor(socket: Bound, target: Uint8Array, what: string) {
    super(socket, target, true);
    this.what = what;
  }

  protected override tell(): string {
    return this.what;
  }
}

/** For dumps. */
function describe({ name, type }: Query, server: SocketAddress): string {
  return `DNS answer of ${name} ${typeName(type)} from ${formatAddress(server)}`;
}

/** Null when it is to be asked over TCP. */
const overUdp = coroutine(function* (server: SocketAddress, query: Query, options: ExchangeOptions, counts: Counts) {
  const local = ANYWHERE[server.family === 4 ? 0 : 1];
  const handle = yield* new Bind(local, server, {});
  const name = formatAddress(server);
  const socket: Bound = { handle, reading: false, writing: false, name, received: 0, sent: 0 };
  try {
    yield* new Send(socket, encodeQuery(query), null);
    counts.sent++;
    const buffer = new Uint8Array(RECEIVED);
    for (let misses = 0; misses < MOST_MISSES; misses++) {
      const { length, size } = yield* new ReceiveAnswer(socket, buffer, describe(query, server));
      const bytes = buffer.subarray(0, length);
      if (isCutShort(bytes, query.id)) return null;
      const answer = size > length ? null : read(bytes, query);
      if (answer !== null && isAnswerTo(answer, query, options.mixedCase)) return answer;
      counts.refused++;
    }
    return null;
  } finally {
    handle.close();
  }
});

/** Null for what is malformed and has another id: somebody else's. */
function read(bytes: Uint8Array, { id }: Query): Message | null {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof Malformed && (bytes.length < 2 || ((bytes[0]! << 8) | bytes[1]!) !== id)) return null;
    throw error;
  }
}

/** A connection that says in a dump what it waits for. */
class Connection extends Socket implements Reader {
  private readonly what: string;

  constructor(handle: TcpStreamHandle, what: string) {
    super(handle);
    this.what = what;
  }

  override get peerName(): string {
    return `${super.peerName} over TCP, for the ${this.what}`;
  }

  read(target: Uint8Array): Future<number> {
    return new Read(this, target);
  }
}

const overTcp = coroutine(function* (server: SocketAddress, query: Query, options: ExchangeOptions, counts: Counts) {
  const handle = yield* new Attempt(server, undefined);
  try {
    const connection = new Connection(handle, describe(query, server));
    const message = encodeQuery(query);
    // Before each message its length (RFC 1035, 4.2.2), and both in one piece (RFC 7766, 8).
    yield* new WriteAll(connection, Uint8Array.from([message.length >> 8, message.length & 0xff, ...message]));
    counts.sent++;
    counts.overTcp++;
    const length = yield* readWhole(connection, 2);
    const answer = decodeMessage(yield* readWhole(connection, (length[0]! << 8) | length[1]!));
    if (isAnswerTo(answer, query, options.mixedCase) && !answer.isTruncated) return answer;
    counts.refused++;
    throw new Malformed('an answer to something else came over TCP');
  } finally {
    handle.close();
  }
});

const readWhole = coroutine(function* (connection: Connection, length: number) {
  const bytes = new Uint8Array(length);
  try {
    yield* readExact(connection, bytes);
  } catch (error) {
    if (error instanceof PawlError && error.code === 'UNEXPECTED_EOF')
      throw new Malformed('the connection ended before the answer');
    throw error;
  }
  return bytes;
});
