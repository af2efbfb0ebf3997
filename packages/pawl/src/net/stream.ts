/**
 * TcpStream: a connection. Each direction can be used by a different task; one operation at a time uses a direction.
 *
 * What must hold: no buffer belongs to the stream. Reads copy into the caller's memory and writes copy out of it, so that either may be
 * used again as soon as the operation has ended or was cancelled.
 */
import type { SocketAddress, TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { type ReadHalf, split, type WriteHalf } from '../io/split.ts';
import { checkBytes, type Duplex, type Lease } from '../io/stream.ts';
import { type Address, type Endpoint, parseEndpoint } from './address.ts';
import { checkDialing, connect } from './connect.ts';
import type { Resolver } from './dns/resolver.ts';
import {
  applyOptions,
  checkLinger,
  checkOptions,
  type KeepAlive,
  setKeepAlive,
  type StreamOptions,
} from './options.ts';
import { LeasedRead, Read } from './read.ts';
import { Socket } from './socket.ts';
import { Shutdown, Write, WriteAll, WriteVectored } from './write.ts';

/** How to connect; `noDelay` and `keepAlive` are set once the connection is there. */
export interface ConnectOptions extends StreamOptions {
  /** Milliseconds for the whole of it: the name's lookup and every attempt. Default: as long as the system tries. */
  readonly timeout?: number;
  /** Milliseconds until the next address of a name is tried beside those that have not answered. Default 250; at least 10. */
  readonly attemptDelay?: number;
  /** Who is asked for a name, in the place of the machine's own resolver. */
  readonly resolver?: Resolver;
  /** Connect from this address of the machine; port 0 lets the system choose the port. */
  readonly local?: Address;
}

/**
 * A TCP connection, made by {@link TcpStream.connect} or by a listener. Close it, or declare it with `using`: nothing is left to the
 * garbage collector.
 *
 * @example
 * ```ts
 * import { join, run } from 'pawl';
 * import { TcpListener, TcpStream } from 'pawl/net';
 * const text = await run(function* () {
 *   using listener = yield* TcpListener.bind(0);
 *   const [server, client] = yield* join([listener.accept(), TcpStream.connect(listener.localAddress)]);
 *   using _server = server;
 *   using _client = client;
 *   yield* client.writeAll(new TextEncoder().encode('hello'));
 *   const buffer = new Uint8Array(1024);
 *   const count = yield* server.read(buffer);
 *   return new TextDecoder().decode(buffer.subarray(0, count));
 * });
 * console.log(text); // hello
 * ```
 */
export class TcpStream extends Socket implements Duplex, Disposable {
  /** @internal */
  declare readonly handle: TcpStreamHandle;

  /** @internal Of a connected handle. */
  constructor(handle: TcpStreamHandle, options: StreamOptions | undefined) {
    super(handle);
    if (options !== undefined) applyOptions(handle, options);
  }

  /**
   * Connects. A name is looked up first, and its addresses are tried by happy eyeballs (RFC 8305): IPv6 and IPv4 in turn, each when the one
   * before has failed or not answered for `attemptDelay`, until one answers; the others are closed then.
   *
   * Cancelling it is *safe*: every socket is closed, and no connection is left behind.
   *
   * Errors: BAD_ADDRESS, BAD_PORT and BAD_ARGUMENT at once; TIMEOUT; ENOTFOUND and its kin; ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT and
   * the system's others, with address and port. Where several addresses failed, the last failure's code, and an AggregateError of all
   * as its cause. BLOCKING_NODE for a name inside `blockOn` where the system's resolver has to be asked (see {@link Resolver}).
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { TcpListener, TcpStream } from 'pawl/net';
   * await run(function* () {
   *   using listener = yield* TcpListener.bind('127.0.0.1:0');
   *   using stream = yield* TcpStream.connect(listener.localAddress, { timeout: 1000, noDelay: true });
   *   console.log(stream.remoteAddress.port === listener.localAddress.port); // true
   * });
   * ```
   */
  static connect(address: Address, options: ConnectOptions = {}): Future<TcpStream> {
    const to = parseEndpoint(address);
    if (to.port === 0) throw new PawlError('BAD_PORT', 'port 0 is no port to connect to');
    const { local } = options;
    checkDialing(options);
    checkOptions(options);
    return connected(to, local === undefined ? undefined : parseEndpoint(local), options);
  }

  /** This end's address. Throws CLOSED when it is first asked for after the stream was closed. */
  get localAddress(): SocketAddress {
    return this.handle.local;
  }

  /** The other end's address. */
  get remoteAddress(): SocketAddress {
    return this.handle.peer;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits until bytes have come and copies them into `target`: the number of bytes, at least 1, or 0 at the end of the stream. With an
   * empty target, 0 at once.
   *
   * Cancelling it is *safe*: bytes that have come stay for the next read. Errors: BUSY while another task reads; CLOSED; ECONNRESET and
   * the system's others.
   */
  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return new Read(this, target);
  }

  /** As {@link read}, with memory that is not held while it waits: what a `BufferedReader` uses. Cancelling it is *safe*. */
  readLeased(lease: Lease): Future<number> {
    return new LeasedRead(this, lease);
  }

  /**
   * Waits until the kernel takes bytes of `source`, and says how many: at least 1, unless it is empty. Few programs want it: see
   * {@link writeAll}.
   *
   * Cancelling it is *safe*: nothing has been written then. Errors: BUSY while another task writes; CLOSED; EPIPE or ECONNRESET when the
   * peer is gone.
   */
  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return new Write(this, source);
  }

  /**
   * Writes all of `source`, waiting for the peer where it reads slower.
   *
   * Cancelling it *loses data*: a part may have been written. Keep the future to write the rest later: its `written` says how much has
   * gone, and `writeAll(source.subarray(written))` resumes. Errors: as {@link write}.
   *
   * @example
   * ```ts
   * import { join, PawlError, run, timeout } from 'pawl';
   * import { TcpListener, TcpStream } from 'pawl/net';
   * await run(function* () {
   *   using listener = yield* TcpListener.bind(0);
   *   const [server, client] = yield* join([listener.accept(), TcpStream.connect(listener.localAddress)]);
   *   using _server = server; // which does not read
   *   using _client = client;
   *   const writing = client.writeAll(new Uint8Array(64 * 1024 * 1024));
   *   try {
   *     yield* timeout(10, writing);
   *   } catch (error) {
   *     console.log(error instanceof PawlError && error.code, writing.written > 0); // TIMEOUT true
   *   }
   * });
   * ```
   */
  writeAll(source: Uint8Array): WriteAll {
    checkBytes(source);
    return new WriteAll(this, source);
  }

  /**
   * As {@link write}, with the bytes of several buffers one after another in one system call; it may end within any of them.
   *
   * Cancelling it is *safe*. Errors: as {@link write}.
   */
  writeVectored(sources: readonly Uint8Array[]): Future<number> {
    for (const source of sources) checkBytes(source);
    return new WriteVectored(this, sources);
  }

  /**
   * Ends this side's stream (FIN): the peer reads to the end, and this side can still read. Done at once; writing afterwards is EPIPE.
   *
   * Cancelling it is *safe*. Errors: BUSY while another task writes; CLOSED.
   */
  shutdown(): Future<void> {
    return new Shutdown(this);
  }

  /** Its two directions as two objects, for two tasks that each own one; `reunite` of `pawl/io` puts them together again. */
  split(): [ReadHalf<TcpStream>, WriteHalf<TcpStream>] {
    return split<TcpStream>(this);
  }

  /** Small pieces are sent at once (Nagle's algorithm off). Throws CLOSED. */
  setNoDelay(on = true): void {
    this.handle.setNoDelay(on);
  }

  /** Whether, and how, the system probes an idle connection. Throws CLOSED, and BAD_ARGUMENT for bad numbers. */
  setKeepAlive(keepAlive: KeepAlive | boolean = true): void {
    checkOptions({ keepAlive });
    setKeepAlive(this.handle, keepAlive);
  }

  /** Seconds that the system goes on sending after `close`; 0 makes `close` a reset, undefined is the system's default. Throws CLOSED, BAD_ARGUMENT. */
  setLinger(seconds: number | undefined): void {
    checkLinger(seconds);
    this.handle.setLinger(seconds);
  }

  /**
   * Closes both directions. What the kernel has taken is still sent. An operation that another task waits in fails with CLOSED. Harmless
   * when it is closed already.
   */
  close(): void {
    this.handle.close();
  }

  /** Closes with a reset (RST): what has not been sent is dropped, and the peer's next read fails with ECONNRESET. */
  reset(): void {
    this.handle.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const connected = coroutine(function* (to: Endpoint, from: Endpoint | undefined, options: ConnectOptions) {
  return new TcpStream(yield* connect(to, from, options), options);
});
