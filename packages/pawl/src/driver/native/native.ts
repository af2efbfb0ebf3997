/**
 * The native driver: the reactor over the operating system's event queue, the timer wheel, and TCP, for all runtimes of a thread.
 *
 * What must hold:
 * - One a thread, also when the package is loaded twice: two host loops would keep each other's timeout at 0 and burn the core.
 * - A turn looks at I/O (see `LOOK_INTERVAL`), then at timers, then polls at most `POLLS` ready tasks of each client; it sleeps only if nothing is ready.
 * - `block` runs one client, the timers and the I/O, and nothing of Node's.
 */
import { PawlError } from '../../error/index.ts';
import { reason as syscallReason } from '../../sys/syscalls/index.ts';
import type { Driver, DriverClient, DriverMetrics, NetDriver, Opened, RemoteWaker } from '../driver.ts';
import { TimerWheel } from '../wheel.ts';
import { NativeFiles } from './files/files.ts';
import { GuestLoop } from './guest.ts';
import { HostLoop } from './host.ts';
import type { Loop, LoopMode, Turns } from './loop.ts';
import { clock, random } from './platform.ts';
import { Reactor } from './reactor.ts';
import { NativeProcesses } from './process/processes.ts';
import { NativeRemoteWaker } from './remote.ts';
import { NodeLookup } from './resolve.ts';
import { NativeThreads } from './threads.ts';
import { listenTcp } from './tcp-listener.ts';
import { connectTcp } from './tcp-stream.ts';
import { bindUdp } from './udp.ts';
import { bindUnix } from './unix-datagram.ts';
import { listenUnix } from './unix-listener.ts';
import { connectUnix, unixPair } from './unix-stream.ts';

/** Polls of a turn: between two looks at timers, and at I/O too unless they were very short. */
const POLLS = 61;

/**
 * While tasks are ready, the queue is looked at after so many ms at the earliest. It costs 440 ns with libuv's nested in it, which would
 * be a tenth of 61 short polls; with polls that do something every turn looks.
 */
const LOOK_INTERVAL = 0.02;

/** The longest that an epoll_wait takes: its timeout is a C int. */
const LONGEST = 0x7fffffff;

export class NativeDriver implements Driver, Turns {
  readonly kind = 'native';
  readonly reason: string;
  readonly timers: TimerWheel;
  readonly background: TimerWheel;
  readonly reactor: Reactor = new Reactor();
  readonly net: NetDriver;
  readonly files: NativeFiles;
  readonly processes: NativeProcesses;
  readonly threads: NativeThreads;
  #now: number = clock();
  #lookedAt = 0;
  #turnCount = 0;
  #blocking = false;
  #ready: DriverClient[] = [];
  #spare: DriverClient[] = [];
  #running: DriverClient | null = null;
  readonly attached: Set<DriverClient> = new Set();
  readonly #loop: Loop;

  /** `note`: why it is this mode, where that needs to be said. */
  constructor(mode: LoopMode, note?: string) {
    this.timers = new TimerWheel(this.#now);
    this.background = new TimerWheel(this.#now);
    this.reactor.timers = this.timers;
    this.net = {
      tcpListen: (address, options) => listenTcp(this.reactor, address, options),
      tcpConnect: (address, options) => connectTcp(this.reactor, address, options),
      udpBind: (address, options) => bindUdp(this.reactor, address, options),
      unix: {
        listen: (address, backlog) => listenUnix(this.reactor, address, backlog),
        connect: (address) => connectUnix(this.reactor, address),
        pair: () => unixPair(this.reactor),
        bind: (address) => bindUnix(this.reactor, address),
      },
      resolve: (host) => new NodeLookup(host, () => this.#blocking),
      namesByFiles: true,
    };
    this.files = new NativeFiles(this.reactor, this.timers, () => this.#blocking);
    this.processes = new NativeProcesses(this.reactor, this.files);
    this.threads = new NativeThreads(this.reactor);
    this.#loop = mode === 'guest' ? new GuestLoop(this) : new HostLoop(this);
    this.reason = `epoll in ${mode} mode${note === undefined ? '' : ` (${note})`}; system calls by ${syscallReason}`;
  }

  get mode(): LoopMode {
    return this.#loop.mode;
  }

  get blocking(): boolean {
    return this.#blocking;
  }

  get metrics(): DriverMetrics {
    const { reactor, timers, background } = this;
    return {
      descriptors: reactor.sources,
      timers: timers.size + background.size,
      turns: this.#turnCount,
      waiting: reactor.waiting,
      operations: this.files.pending,
      files: this.files.opened.size,
      signals: this.processes.signals,
    };
  }

  *opened(): Iterable<Opened> {
    for (const wheel of [this.timers, this.background]) for (const object of wheel) yield { object, what: 'timer' };
    for (const object of this.reactor.open()) yield { object, what: object.what };
    for (const object of this.files.opened) yield { object, what: object.what };
    yield* this.processes.opened();
  }

  now(): number {
    return this.#now;
  }

  refresh(): number {
    return (this.#now = clock());
  }

  random(): number {
    return random();
  }

  choose(_n: number): number {
    return 0;
  }

  begin(n: number): number {
    return Math.floor(this.random() * n);
  }

  schedule(client: DriverClient): void {
    if (client === this.#running || this.#ready.includes(client)) return;
    this.#ready.push(client);
    this.#loop.arm();
  }

  attach(client: DriverClient): void {
    if (this.attached.size === 0) process.on('beforeExit', this.#beforeExit);
    this.attached.add(client);
  }

  detach(client: DriverClient): void {
    if (this.attached.delete(client) && this.attached.size === 0) process.off('beforeExit', this.#beforeExit);
  }

  readonly #beforeExit = (): void => {
    // What waits for a background timer has not asked for the process to stay: with one armed, an end is no deadlock.
    if (this.isLive() || this.background.size > 0) return;
    for (const client of this.attached) client.stranded();
  };

  remoteWaker(onWake: () => void): RemoteWaker {
    return new NativeRemoteWaker(this.reactor, onWake);
  }

  isReady(): boolean {
    return this.#ready.length > 0;
  }

  isLive(): boolean {
    return this.#ready.length > 0 || this.timers.size > 0 || this.reactor.waiting > 0;
  }

  turn(timeout: number): void {
    this.#look(this.#ready.length > 0, timeout, false);
    const batch = this.#ready;
    if (batch.length === 0) return;
    this.#ready = this.#spare;
    this.#spare = batch;
    for (let i = 0; i < batch.length; i++) this.#poll(batch[i]!);
    batch.length = 0;
  }

  block(client: DriverClient, done: () => boolean): void {
    this.#blocking = true;
    this.#loop.suspend();
    // Nothing of Node's runs in here: after a turn, at whose end the client has read the clock, it need not be read again.
    let fresh = false;
    try {
      while (!done()) {
        const ready = this.#ready.includes(client);
        if (!ready && this.timers.size + this.background.size === 0 && this.reactor.waiting === 0) {
          throw new PawlError(
            'DEADLOCK',
            'blockOn waits for something that no timer, socket or other thread can bring about',
          );
        }
        this.#look(ready, -1, fresh);
        const at = this.#ready.indexOf(client);
        fresh = at >= 0;
        if (!fresh) continue;
        this.#ready.splice(at, 1);
        this.#poll(client);
      }
    } finally {
      this.#blocking = false;
      this.#loop.resume();
      if (this.isLive()) this.#loop.arm();
    }
  }

  /** Begins a turn: looks at I/O, sleeping for it if no task is ready, and at timers. */
  #look(ready: boolean, timeout: number, fresh: boolean): void {
    this.#turnCount++;
    const now = fresh ? this.#now : this.refresh();
    if (!ready || now - this.#lookedAt >= LOOK_INTERVAL) {
      this.reactor.poll(ready ? 0 : this.#untilTimer(timeout));
      this.#lookedAt = this.refresh();
    }
    this.timers.advance(this.#now);
    if (this.background.size > 0) this.background.advance(this.#now);
  }

  #poll(client: DriverClient): void {
    this.#running = client;
    let left = 0;
    try {
      left = client.turn(POLLS);
    } finally {
      this.#running = null;
    }
    // Another client of the batch may have scheduled it meanwhile.
    if (left > 0 && !this.#ready.includes(client)) this.#ready.push(client);
  }

  /** `timeout`, or the time until the earliest timer if that is less; rounded up, so that waking early never makes it spin. */
  #untilTimer(timeout: number): number {
    const next = Math.min(this.timers.next(), this.background.next());
    if (next === Infinity) return timeout;
    const wait = Math.min(Math.max(Math.ceil(next - this.#now), 0), LONGEST);
    return timeout < 0 || wait < timeout ? wait : timeout;
  }
}
