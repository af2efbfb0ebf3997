/**
 * UnixStream: a connection between two programs of one machine.
 *
 * What must hold: what holds for a TCP stream. Descriptors that have come belong to whoever has read them, with nothing in between.
 */
import type { Credentials, ReadDescriptors, UnixAddress, UnixStreamHandle } from '../../driver/unix.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';
import { coroutine } from '../../future/coroutine.ts';
import { alreadyCompleted, Future } from '../../future/future.ts';
import { map } from '../../future/map.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { type ReadHalf, split, type WriteHalf } from '../../io/split.ts';
import { checkBytes, type Duplex, type Lease } from '../../io/stream.ts';
import { spend } from '../../task/budget.ts';
import { Pause } from '../../time/pause.ts';
import { checkWhole, MOST } from '../options.ts';
import { LeasedRead, Read } from '../read.ts';
import { ByteSocket } from '../socket.ts';
import { Shutdown, Write, WriteAll, WriteVectored } from '../write.ts';
import { formatUnix, parseUnix, type UnixName, unixOf } from './address.ts';
import { ReadWithDescriptors, WriteDescriptors } from './descriptors.ts';

/** The most descriptors that go with one write: the kernel's SCM_MAX_FD. */
const MOST_DESCRIPTORS = 253;

/**
 * A Unix stream, made by {@link UnixStream.connect}, {@link UnixStream.pair} or a listener: bytes as over TCP, and descriptors of open files.
 * Close it, or declare it with `using`.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { UnixListener, UnixStream } from 'pawl/net';
 * await run(function* () {
 *   using listener = yield* UnixListener.bind({ abstract: `example-${process.pid}` });
 *   const [server, client] = yield* join([listener.accept(), UnixStream.connect({ abstract: `example-${process.pid}` })]);
 *   using _server = server;
 *   using _client = client;
 *   yield* client.writeAll(new TextEncoder().encode('hello'));
 *   const buffer = new Uint8Array(16);
 *   const count = yield* server.read(buffer);
 *   console.log(new TextDecoder().decode(buffer.subarray(0, count)), server.peerCredentials.pid === process.pid); // hello true
 * });
 * ```
 */
export class UnixStream extends ByteSocket<UnixStreamHandle> implements Duplex, Disposable {
  /**
   * Connects. While the listener's queue is full, it asks again, after 1 ms and then ever longer, up to 50 ms.
   *
   * Cancelling it is *safe*. Errors: BAD_ADDRESS at once; ENOENT, ECONNREFUSED (nobody listens there any more), EACCES, EPROTOTYPE (a datagram
   * socket), with `path`; UNSUPPORTED_PLATFORM.
   */
  static connect(to: UnixName): Future<UnixStream> {
    return connected(parseUnix(to));
  }

  /** Two ends of a new connection, without a name. Cancelling it is *safe*. Errors: EMFILE; UNSUPPORTED_PLATFORM. */
  static pair(): Future<[UnixStream, UnixStream]> {
    return map(new Make((cx) => unixOf(cx).pair()), ([near, far]) => [new UnixStream(near), new UnixStream(far)]);
  }

  /** This end's name; of the end that has connected, most often none. */
  get localAddress(): UnixAddress {
    return this.handle.local;
  }

  get remoteAddress(): UnixAddress {
    return this.handle.peer;
  }

  /** Who has connected, or listened, at the other end, as the kernel says. Throws CLOSED when it is first asked for after the close. */
  get peerCredentials(): Credentials {
    return this.handle.credentials;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /** @internal */
  get peerName(): string {
    const { local, peer } = this.handle;
    return formatUnix(peer.kind === 'unnamed' ? local : peer);
  }

  /**
   * Waits for bytes: how many, at least 1, or 0 at the end (and for an empty target). Descriptors that came with them are closed by the
   * system: see {@link readDescriptors}.
   *
   * Cancelling it is *safe*. Errors: BUSY while another task reads; CLOSED; ECONNRESET and the system's others.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new Read(this, target);
  }

  /** As {@link read}, with memory that is not held while it waits. Cancelling it is *safe*. */
  readLeased(lease: Lease): Future<number> {
    return new LeasedRead(this, lease);
  }

  /** Waits until the kernel takes bytes of `source`: how many. Cancelling it is *safe*. Errors: BUSY; CLOSED; EPIPE, ECONNRESET. */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new Write(this, source);
  }

  /** Writes all of `source`. Cancelling it *loses data*: a part may have been written; its `written` says how much. Errors: as {@link write}. */
  writeAll(source: Uint8Array): WriteAll {
    checkBytes(source);
    return new WriteAll(this, source);
  }

  /** As {@link write}, with the bytes of several buffers in one system call. Cancelling it is *safe*. */
  writeVectored(sources: readonly Uint8Array[]): Future<number> {
    for (const source of sources) checkBytes(source);
    return new WriteVectored(this, sources);
  }

  /**
   * Writes bytes, at least one, and with the first of them descriptors of open files, up to 253: the other end gets descriptors of its own of the
   * same open files. These here stay open, and this program's. The number of bytes that were written.
   *
   * Cancelling it is *safe*: nothing was sent. Errors: BAD_ARGUMENT at once; EBADF (not an open descriptor); ETOOMANYREFS; as {@link write}.
   *
   * @example
   * ```ts
   * import { closeSync, openSync, readFileSync } from 'node:fs';
   * import { run } from 'pawl';
   * import { UnixStream } from 'pawl/net';
   * await run(function* () {
   *   const [a, b] = yield* UnixStream.pair();
   *   using _a = a;
   *   using _b = b;
   *   const fd = openSync('/etc/hostname', 'r');
   *   yield* a.writeDescriptors(Uint8Array.of(1), [fd]);
   *   closeSync(fd);
   *   const { descriptors } = yield* b.readDescriptors(new Uint8Array(1), 1);
   *   console.log(readFileSync(descriptors[0]!, 'utf8') === readFileSync('/etc/hostname', 'utf8')); // true
   *   closeSync(descriptors[0]!);
   * });
   * ```
   */
  writeDescriptors(source: Uint8Array, descriptors: readonly number[]): Future<number> {
    checkBytes(source);
    if (source.length === 0)
      throw new PawlError('BAD_ARGUMENT', 'descriptors go with bytes: there must be at least one');
    checkWhole('the number of descriptors', descriptors.length, 0, MOST_DESCRIPTORS);
    for (const descriptor of descriptors) checkWhole('a descriptor', descriptor, 0, MOST);
    return new WriteDescriptors(this, source, [...descriptors]);
  }

  /**
   * As {@link read}, with the descriptors that have come, at most `most`: they are the caller's, to use and to close. More than that the system
   * closes, and `truncated` says so. One read gives the descriptors of one write.
   *
   * Cancelling it is *safe*: bytes and descriptors stay for the next read. Errors: BAD_ARGUMENT at once; as {@link read}.
   */
  readDescriptors(target: Uint8Array, most: number = MOST_DESCRIPTORS): Future<ReadDescriptors> {
    checkBytes(target);
    if (target.length === 0)
      throw new PawlError('BAD_ARGUMENT', 'descriptors come with bytes: there must be room for one');
    checkWhole('most', most, 0, MOST_DESCRIPTORS);
    return new ReadWithDescriptors(this, target, most);
  }

  /** Ends this side's stream: the peer reads to the end. Cancelling it is *safe*. Errors: BUSY while another task writes; CLOSED. */
  shutdown(): Future<void> {
    return new Shutdown(this);
  }

  /** Its two directions as two objects; `reunite` of `pawl/io` puts them together again. */
  split(): [ReadHalf<UnixStream>, WriteHalf<UnixStream>] {
    return split<UnixStream>(this);
  }

  /** Closes both directions. An operation that another task waits in fails with CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What needs the driver of the poll, and is ready at once. */
export class Make<T> extends Future<T> {
  private make: ((cx: Context) => T) | null;

  constructor(make: (cx: Context) => T) {
    super();
    this.make = make;
  }

  override poll(cx: Context): Poll<T> {
    const { make } = this;
    if (make === null) throw alreadyCompleted('the making of a socket');
    // A loop of attempts that fail at once lets others run, too.
    if (!spend(cx)) return PENDING;
    this.make = null;
    return make(cx);
  }
}

const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 50;

/** Nothing tells when there is room in a full queue: asks for it until there is. `what` it waits for, for dumps. */
export const insist = coroutine(function* insist<T>(what: () => string, attempt: () => Future<T>) {
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return yield* attempt();
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'EAGAIN') throw error;
    }
    yield* new Pause(pause, what());
  }
}) as <T>(what: () => string, attempt: () => Future<T>) => Future<T>;

const connected = coroutine(function* connect(to: UnixAddress) {
  return new UnixStream(
    yield* insist(
      () => `connect to ${formatUnix(to)}: its queue is full`,
      () => new Make((cx) => unixOf(cx).connect(to)),
    ),
  );
});
