/**
 * The contract between the runtime and the world. A driver gives a clock, randomness, free choices, timers, a loop that
 * sleeps until something can make progress, and handles for what its world offers.
 *
 * What must hold:
 * - One native driver a thread; any number of runtimes ("clients") share it.
 * - Every `poll…` method either finishes (value or thrown PawlError), or returns PENDING after having stored `cx.waker`.
 * - A handle keeps one waker for each direction; the layer above makes sure that one task at a time uses a direction.
 * - `forget` drops the stored waker (cancelling a poll costs nothing else: *safe*).
 * - Nothing here keeps the process alive but: a client with ready work, a live timer of `timers`, a stored I/O waker.
 * The same conformance suite runs against every driver.
 */
import type { Context } from '../future/context.ts';
import type { Poll } from '../future/poll.ts';
import type { FileDriver } from './files.ts';
import type { ProcessDriver } from './process.ts';
import type { UdpBindOptions, UdpHandle } from './udp.ts';
import type { UnixDriver } from './unix.ts';

/** A numeric socket address. `family` is 4 or 6; `scope` is the IPv6 zone index (0 for none). */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly scope?: number;
}

export interface TcpListenOptions {
  /** Length of the kernel's queue of connections not yet accepted. Default 511, as Node's. */
  readonly backlog?: number;
  /** Default true: a server can restart while old connections linger in TIME_WAIT. */
  readonly reuseAddr?: boolean;
  /** Several listeners on one port share its connections. Default false. */
  readonly reusePort?: boolean;
  /** An IPv6 listener takes IPv6 only. Default false (dual-stack where the system has it). */
  readonly ipv6Only?: boolean;
}

export interface TcpConnectOptions {
  /** Bind to this local address first. */
  readonly local?: SocketAddress;
}

/** One direction of a stream. */
export type Direction = 'read' | 'write';

/** A listening TCP socket. */
export interface TcpListenerHandle {
  readonly local: SocketAddress;
  /** The next connection. When descriptors or memory run out (EMFILE, ENFILE, ENOBUFS, ENOMEM) it throws; the listener stays usable. */
  pollAccept(cx: Context): Poll<TcpStreamHandle>;
  /** Drops the stored waker. */
  forget(): void;
  /** Idempotent. A later poll throws CLOSED. */
  close(): void;
  readonly closed: boolean;
}

/** A connected (or connecting) TCP socket. */
export interface TcpStreamHandle {
  /** Asked from the system when it is first read; throws CLOSED if that is after the close. */
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
  /** Until the handshake has ended. Throws ECONNREFUSED, ETIMEDOUT, … and closes the socket then. */
  pollConnect(cx: Context): Poll<void>;
  /** Bytes copied into `target`; 0 at the end of the stream, or at once for an empty target. A PENDING keeps nothing of `target`. */
  pollRead(cx: Context, target: Uint8Array): Poll<number>;
  /** Bytes taken from `source`, at least 1 unless it is empty. Throws EPIPE or ECONNRESET when the peer is gone; never SIGPIPE. */
  pollWrite(cx: Context, source: Uint8Array): Poll<number>;
  /** As pollWrite over several buffers, in one system call. */
  pollWriteVectored(cx: Context, sources: readonly Uint8Array[]): Poll<number>;
  /**
   * Until the peer is gone: reset, or both directions closed (EPOLLHUP, EPOLLERR). A FIN alone is a half-close and does not end it, and bytes
   * that have come are left alone; with `half`, a FIN ends it as well. Stores the waker of the read direction.
   */
  pollHangup(cx: Context, half?: boolean): Poll<void>;
  /**
   * The waker that is stored for reading keeps the process alive no longer: for a connection that only waits to hear of its end. It lasts
   * until that waker is woken, dropped or replaced.
   */
  unrefRead(): void;
  /** Drops the stored waker of that direction. */
  forget(direction: Direction): void;
  /** Half-close: sends FIN (write), or makes further reads see the end (read). */
  shutdown(how: Direction | 'both'): void;
  setNoDelay(on: boolean): void;
  /** `delay` and `interval` in milliseconds (the kernel counts whole seconds, rounded up); `probes` a count. */
  setKeepAlive(on: boolean, delay?: number, interval?: number, probes?: number): void;
  /** Seconds to linger at close; 0 sends RST, undefined restores the default. */
  setLinger(seconds: number | undefined): void;
  /** Idempotent: a later poll throws CLOSED. */
  close(): void;
  /** Closes with a reset (RST): what has not been sent is dropped, and the peer cannot take it for an end. Idempotent. */
  abort(): void;
  readonly closed: boolean;
}

/** The network as a driver's world offers it: numeric addresses only. */
export interface NetDriver {
  tcpListen(address: SocketAddress, options: TcpListenOptions): TcpListenerHandle;
  tcpConnect(address: SocketAddress, options: TcpConnectOptions): TcpStreamHandle;
  /** See `udp.ts`. Throws EADDRINUSE, EADDRNOTAVAIL, EACCES and the system's others. */
  udpBind(address: SocketAddress, options: UdpBindOptions): UdpHandle;
  /** See `unix.ts`. Absent where the world has no such sockets. */
  readonly unix?: UnixDriver;
  /** Host name to addresses, in the order to try. Starts at the first poll of what it returns. */
  resolve(host: string): NameLookup;
  /** What its machine's files say of names is what `resolve` goes by, so that a resolver of our own, over this network, finds the same. */
  readonly namesByFiles?: boolean;
}

/** A running name lookup. */
export interface NameLookup {
  /** Throws ENOTFOUND and its kin (with `syscall: 'getaddrinfo'`), or BLOCKING_NODE inside `blockOn`. */
  poll(cx: Context): Poll<readonly SocketAddress[]>;
  forget(): void;
}

/**
 * An entry of the timer wheel. Intrusive, so that a sleeping future is its own entry and allocates nothing else: the wheel
 * alone writes these fields while the entry is inserted.
 */
export interface TimerEntry {
  /** Deadline in whole ticks (ms since the driver's start, rounded up). */
  timerTick: number;
  /** Which slot holds the entry; -1 while it is not inserted. */
  timerSlot: number;
  timerNext: TimerEntry | null;
  timerPrev: TimerEntry | null;
  /** Called once at expiry, after the entry has been removed. Must not throw. */
  onTimer(): void;
}

/** Timers of 1 ms grain, rounded up: an entry never fires early. */
export interface Timers {
  /** Inserts an entry that is not inserted. `deadline` is on the driver's clock (`now()`), in ms. A live entry keeps the loop alive. */
  insert(entry: TimerEntry, deadline: number): void;
  /** Removes an entry; harmless when it is not inserted. */
  cancel(entry: TimerEntry): void;
  /** Live entries. */
  readonly size: number;
}

/** A runtime as the driver sees it. */
export interface DriverClient {
  /**
   * Polls ready tasks, at most `limit`, and returns how many are still queued. The driver has read its clock before; the client reads it
   * again at the end (`refresh`). Never throws.
   */
  turn(limit: number): number;
  /** Node has nothing more to do (`beforeExit`) and nothing of ours is armed: whatever tasks are left can never be woken. */
  stranded(): void;
}

/** What is to be chosen among, by place: known by identity, so that one may be preferred to another. */
export interface Among {
  at(place: number): object;
}

/** Wakes a driver from another thread: hand `fd` and `flag` to that thread, which writes through them. Keeps the process alive until closed. */
export interface RemoteWaker extends Disposable {
  /** The eventfd of the driver's queue, and the flag in shared memory that coalesces writes to it. */
  readonly fd: number;
  readonly flag: Int32Array<SharedArrayBuffer>;
  /** It keeps the process alive, as it does from the beginning. */
  ref(): void;
  /** It keeps the process alive no longer; it goes on waking. */
  unref(): void;
  close(): void;
}

export interface Driver {
  readonly kind: 'native' | 'portable' | 'sim';
  /** One sentence: which event queue and system-call level, and why. */
  readonly reason: string;
  /** Monotonic clock in ms with fractions; read once for a batch of polls (see `refresh`). */
  now(): number;
  /** Reads the clock again and returns it. */
  refresh(): number;
  /** In [0, 1). */
  random(): number;
  /** Which of `n` ready tasks is polled next; `among` has them. The native driver answers 0: the first. */
  choose(n: number, among: Among): number;
  /** Where a fair choice among `n` begins, as that of `select`: at random, and in a simulated world a decision of its own. */
  begin(n: number): number;
  readonly timers: Timers;
  /** The driver whose network this one uses, with a clock and timers of its own: its handles may be polled under this one. */
  readonly beneath?: Driver;
  /** Timers that do not keep the loop alive: they fire while something else does. Inside `block` they count like the others. */
  readonly background: Timers;
  readonly net: NetDriver;
  /** See `files.ts`. */
  readonly files: FileDriver;
  /** See `process.ts`. Absent where the world has no processes. */
  readonly processes?: ProcessDriver;
  /**
   * The client has ready work: its `turn` will be called soon. Cheap, and idempotent until then; called during the client's own turn
   * it does nothing (the number that `turn` returns says that work is left).
   */
  schedule(client: DriverClient): void;
  /** The clients with tasks left. */
  readonly attached: ReadonlySet<DriverClient>;
  /** A client with tasks left; told by `stranded` when none of them can ever be woken. Both are idempotent. */
  attach(client: DriverClient): void;
  detach(client: DriverClient): void;
  /** `onWake` runs on this thread after another thread has woken the queue through the waker (merged wakes call it once). */
  remoteWaker(onWake: () => void): RemoteWaker;
  /** Runs the loop on this thread, and nothing of Node's, until `done()`; throws DEADLOCK when nothing can ever wake it. */
  block(client: DriverClient, done: () => boolean): void;
  /** True while `block` runs: what waits for Node's loop must fail with BLOCKING_NODE. */
  readonly blocking: boolean;
  /** Live counts, for tests and dumps. */
  readonly metrics: DriverMetrics;
  /** What is open: live timers, and what its users have registered. For tests that name what was left behind; in no particular order. */
  opened?(): Iterable<Opened>;
}

/** One thing that is open, by identity. */
export interface Opened {
  readonly object: object;
  /** A few words: `timer`, `connection to 127.0.0.1:4711`. */
  readonly what: string;
}

/** Live counts; tests compare them before and after. */
export interface DriverMetrics {
  /** Descriptors registered with the event queue by the runtime's users (not the driver's own). */
  readonly descriptors: number;
  readonly timers: number;
  /** Turns of the loop since the start. */
  readonly turns: number;
  /** I/O wakers stored. */
  readonly waiting: number;
  /** Operations on files that are under way. */
  readonly operations?: number;
  /** Files, directories and mappings that are open. */
  readonly files?: number;
  /** Listeners for signals. */
  readonly signals?: number;
}

/** What every runtime reference is, seen from the driver upward. */
export interface DriverHolder {
  readonly driver: Driver;
}

/** The driver that polls: how a leaf future finds its world. */
export function driverOf(cx: Context): Driver {
  return (cx.runtime as DriverHolder).driver;
}
