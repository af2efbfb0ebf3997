/**
 * TcpListener: a listening socket.
 *
 * What must hold: nothing that happens to one connection ends the listener; only `close` does.
 */
import type { Context } from '../future/context.ts';
import { driverOf, type SocketAddress, type TcpListenerHandle, type TcpListenOptions } from '../driver/driver.ts';
import { coroutine } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import type { Poll } from '../future/poll.ts';
import { Accept, type Backoff } from './accept.ts';
import { type Address, type Endpoint, parseEndpoint } from './address.ts';
import { checkOptions, type StreamOptions } from './options.ts';
import { lookUp } from './lookup.ts';
import type { TcpStream } from './stream.ts';

/** `noDelay` and `keepAlive` are set on every connection that is accepted. */
export interface ListenOptions extends TcpListenOptions, StreamOptions {
  /**
   * Told each time that accepting pauses because descriptors or memory have run out. What it throws, `accept` throws. Default: a process
   * warning at the first pause of a series.
   */
  readonly onBackoff?: (backoff: Backoff) => void;
}

/**
 * A TCP server's socket. Close it, or declare it with `using`.
 *
 * @example
 * ```ts
 * import { coroutine, race, run, supervise } from 'pawl';
 * import { TcpListener, TcpStream } from 'pawl/net';
 * const echo = coroutine(function* (stream: TcpStream) {
 *   using _closed = stream;
 *   const buffer = new Uint8Array(4096);
 *   for (;;) {
 *     const count = yield* stream.read(buffer);
 *     if (count === 0) return;
 *     yield* stream.writeAll(buffer.subarray(0, count));
 *   }
 * });
 * const serve = coroutine(function* (listener: TcpListener) {
 *   yield* supervise(function* (connections) {
 *     for (;;) connections.spawn(echo(yield* listener.accept()));
 *   });
 * });
 * await run(function* () {
 *   using listener = yield* TcpListener.bind(0);
 *   const main = coroutine(function* () {
 *     using client = yield* TcpStream.connect(listener.localAddress);
 *     yield* client.writeAll(new TextEncoder().encode('echo'));
 *     const buffer = new Uint8Array(4);
 *     yield* client.read(buffer);
 *     console.log(new TextDecoder().decode(buffer)); // echo
 *   });
 *   yield* race([serve(listener), main()]);
 * });
 * ```
 */
export class TcpListener implements Disposable {
  /** @internal */
  readonly handle: TcpListenerHandle;
  /** @internal */
  readonly streamOptions: StreamOptions | undefined;
  /** @internal */
  readonly onBackoff: (backoff: Backoff) => void;
  /** @internal */
  acceptor: Accept | null = null;
  /** @internal */
  pauses = 0;
  /** @internal */
  notBefore = 0;

  /** @internal */
  constructor(handle: TcpListenerHandle, options: ListenOptions) {
    this.handle = handle;
    const { noDelay = false, keepAlive = false } = options;
    this.streamOptions = noDelay || keepAlive !== false ? { noDelay, keepAlive } : undefined;
    this.onBackoff = options.onBackoff ?? warn;
  }

  /**
   * Binds and listens: when it is done, connections are taken. A port alone is a port of `127.0.0.1` (loopback): to be reached from
   * other machines, name the host, `'0.0.0.0:8080'` or `'[::]:8080'`, which takes IPv4 too unless `ipv6Only`. Of a name, the first
   * address is used.
   *
   * Cancelling it is *safe*. Errors: BAD_ADDRESS, BAD_PORT and BAD_ARGUMENT at once; EADDRINUSE, EADDRNOTAVAIL, EACCES and the system's others, with
   * address and port; ENOTFOUND and its kin for a name (see {@link TcpStream.connect}).
   *
   * @example
   * ```ts
   * import { blockOn } from 'pawl';
   * import { TcpListener } from 'pawl/net';
   * using listener = blockOn(TcpListener.bind('127.0.0.1:0'));
   * console.log(listener.localAddress.port > 0); // true
   * ```
   */
  static bind(address: Address, options: ListenOptions = {}): Future<TcpListener> {
    const to = parseEndpoint(address);
    checkOptions(options);
    return bound(to, options);
  }

  /** Where it listens, with the port that the system chose. */
  get localAddress(): SocketAddress {
    return this.handle.local;
  }

  get closed(): boolean {
    return this.handle.closed;
  }

  /**
   * Waits for the next connection. A connection that was lost before it could be accepted is skipped. While descriptors or memory have
   * run out it pauses (10 ms, doubling up to 1 s) and tries again: the connection waits in the kernel's queue meanwhile.
   *
   * Cancelling it is *safe*: a connection that has come stays for the next accept. Errors: BUSY while another task accepts; CLOSED.
   */
  accept(): Future<TcpStream> {
    return new Accept(this);
  }

  /** Stops listening; connections that were not accepted are reset. A task that waits in `accept` gets CLOSED. Harmless when closed. */
  close(): void {
    this.handle.close();
    this.acceptor?.interrupt();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opening a socket needs the driver of the poll, hence a future, though it is ready at once. */
class Listen extends Future<TcpListener> {
  private readonly address: SocketAddress;
  private readonly options: ListenOptions;
  private done = false;

  constructor(address: SocketAddress, options: ListenOptions) {
    super();
    this.address = address;
    this.options = options;
  }

  override poll(cx: Context): Poll<TcpListener> {
    if (this.done) throw alreadyCompleted('a bind');
    this.done = true;
    return new TcpListener(driverOf(cx).net.tcpListen(this.address, this.options), this.options);
  }
}

const bound = coroutine(function* (to: Endpoint, options: ListenOptions) {
  const [address] = yield* lookUp(to);
  return yield* new Listen(address as SocketAddress, options);
});

function warn({ error, attempt }: Backoff): void {
  if (attempt > 1) return;
  process.emitWarning(`accepting connections is paused, and will be tried again: ${error.message}`, {
    type: 'PawlWarning',
    code: error.code,
  });
}
