/**
 * World: what a test does with its simulated world.
 *
 * What must hold: all of it takes effect at once, in the world's time, and is legal at any time of a run.
 */
import { type LinkOptions, SimMachine, type SimWorld } from '../driver/sim/index.ts';
import { PawlError } from '../error/index.ts';
import { knownOptions } from '../error/known-options.ts';
import type { Body } from '../future/coroutine.ts';
import { Host, type HostOptions, type Surroundings } from './host.ts';

/** A host, or its name. */
export type HostName = Host | string;

/** Which direction of a link is meant. */
export interface LinkDirection {
  /** Only packets from the first to the second host. Default false: both directions. */
  readonly oneWay?: boolean;
}

/** Something that must hold. It throws, or returns false, when it does not. */
export type Invariant = () => boolean | void;

/** What {@link World} keeps of an invariant. */
export interface NamedInvariant {
  readonly name: string;
  readonly holds: Invariant;
}

/**
 * The world of one seed, given to the function that {@link simulate} runs. That function runs on a host of its own, named `main`.
 *
 * @example
 * ```ts
 * import { sleep } from 'pawl';
 * import { TcpListener, TcpStream } from 'pawl/net';
 * import { simulate } from 'pawl/testing';
 * await simulate({ seeds: 20 }, function* (world) {
 *   world.host('server', function* () {
 *     using listener = yield* TcpListener.bind('0.0.0.0:80');
 *     for (;;) {
 *       using stream = yield* listener.accept();
 *       yield* stream.writeAll(new TextEncoder().encode('hello'));
 *     }
 *   });
 *   yield* sleep(100);
 *   using stream = yield* TcpStream.connect('server:80');
 *   const buffer = new Uint8Array(5);
 *   let read = 0;
 *   while (read < 5) read += yield* stream.read(buffer.subarray(read));
 *   if (new TextDecoder().decode(buffer) !== 'hello') throw new Error('the greeting is wrong');
 * });
 * ```
 */
export class World {
  private readonly sim: SimWorld;
  private readonly surroundings: Omit<Surroundings, 'onNote'>;
  /** @internal */
  readonly hosts = new Map<string, Host>();
  /** @internal */
  readonly invariants: NamedInvariant[] = [];
  /** @internal */
  readonly goals: NamedInvariant[] = [];

  /** @internal Told what the test does to its world. */
  onNote: ((host: string, what: string) => void) | null = null;

  /** @internal */
  constructor(sim: SimWorld, surroundings: Omit<Surroundings, 'onNote'>) {
    this.sim = sim;
    this.surroundings = surroundings;
  }

  get seed(): number {
    return this.sim.seed;
  }

  /** Milliseconds since the world began. A host's clock may show something else. */
  get time(): number {
    return this.sim.time;
  }

  /**
   * A new host, on which a program starts at once. Others find it by its name. BAD_ARGUMENT when there is a host of that name, `name` is
   * none that a URL can have, or `program` is no function.
   */
  host(name: string, program: Body<[Host], unknown>, options: HostOptions = {}): Host {
    knownOptions('a host', options, { clock: true, descriptors: true, mayFail: true });
    const host = new Host(this.sim.network.add(name, options), program, options, {
      ...this.surroundings,
      onNote: (what) => this.note(name, what),
    });
    this.hosts.set(name, host);
    return host;
  }

  /** A host's IPv4 address. BAD_ARGUMENT when there is no such host. */
  address(host: HostName): string {
    return this.machine(host).addresses.ipv4;
  }

  /** Sets latency, loss or bandwidth between two hosts. What is not given stays. BAD_ARGUMENT for a value that no link has, or an unknown host. */
  link(from: HostName, to: HostName, options: LinkOptions & LinkDirection): void {
    knownOptions('a link', options, { latency: true, loss: true, bandwidth: true, oneWay: true });
    const { oneWay, ...own } = options;
    for (const link of this.links(from, to, oneWay === undefined ? {} : { oneWay })) link.set(own);
  }

  /**
   * Cuts the way between two hosts: nothing that is sent from now on arrives. Connections stay as they are, and hang, until packets are sent
   * in vain for too long (15 minutes with Linux's settings) or the way is healed.
   */
  partition(from: HostName, to: HostName, direction: LinkDirection = {}): void {
    for (const link of this.links(from, to, direction)) link.down = true;
    this.note(from, `cut off from ${nameOf(to)}${direction.oneWay === true ? ', in this direction' : ''}`);
  }

  /** Ends the partitions: those between two hosts, or, without arguments, all. */
  heal(): void;
  heal(from: HostName, to: HostName, direction?: LinkDirection): void;
  heal(from?: HostName, to?: HostName, direction: LinkDirection = {}): void {
    if ((from === undefined) !== (to === undefined))
      throw new PawlError('BAD_ARGUMENT', 'heal takes two hosts, or none for all links');
    if (from === undefined || to === undefined) this.sim.network.heal();
    else for (const link of this.links(from, to, direction)) link.down = false;
    if (from === undefined || to === undefined) this.note('', 'all links work again');
    else this.note(from, `reaches ${nameOf(to)} again`);
  }

  /** A choice that the seed makes, and that a replay repeats: a whole number in [0, n). 0 is taken for the plain one. */
  choose(n: number, what = 'a choice of the test'): number {
    if (!(Number.isInteger(n) && n >= 1))
      throw new PawlError('BAD_ARGUMENT', `a choice is among 1 or more, got ${String(n)}`);
    const { decisions } = this.sim;
    return decisions.choose(n, decisions.define(what, 'fault'));
  }

  /** Whether something happens whose probability is `p`: as {@link choose}. */
  chance(p: number, what = 'a chance of the test'): boolean {
    if (!(p >= 0 && p <= 1)) throw new PawlError('BAD_ARGUMENT', `a probability is from 0 to 1, got ${String(p)}`);
    const { decisions } = this.sim;
    return decisions.chance(p, decisions.define(what, 'fault'));
  }

  /** An invariant, checked between any two polls from now on. The world fails with the first one that throws or returns false. */
  always(name: string, holds: Invariant): void {
    this.invariants.push(named(name, holds));
    this.sim.singly = true;
  }

  /** What must hold at the end, when the test's function has returned. */
  eventually(name: string, holds: Invariant): void {
    this.goals.push(named(name, holds));
  }

  private note(host: HostName, what: string): void {
    this.onNote?.(nameOf(host), what);
  }

  private links(from: HostName, to: HostName, direction: LinkDirection) {
    knownOptions('a direction', direction, { oneWay: true });
    const { oneWay = false } = direction;
    if (typeof oneWay !== 'boolean')
      throw new PawlError('BAD_ARGUMENT', `oneWay is true or false, got ${String(oneWay)}`);
    const { network } = this.sim;
    const [a, b] = [this.machine(from), this.machine(to)];
    if (a === b) throw new PawlError('BAD_ARGUMENT', `the host "${a.name}" cannot be cut off from itself`);
    return oneWay ? [network.link(a, b)] : [network.link(a, b), network.link(b, a)];
  }

  private machine(host: HostName): SimMachine {
    if (typeof host !== 'string' && !(host instanceof Host))
      throw new PawlError('BAD_ARGUMENT', `expected a host or its name, got ${String(host)}`);
    const name = nameOf(host);
    const machine = this.sim.network.named(name);
    if (machine === undefined) throw new PawlError('BAD_ARGUMENT', `there is no host named "${name}"`);
    return machine;
  }
}

function named(name: string, holds: Invariant): NamedInvariant {
  if (typeof name === 'string' && typeof holds === 'function') return { name, holds };
  throw new PawlError(
    'BAD_ARGUMENT',
    'an invariant is a name, and a function that returns false or throws where it does not hold',
  );
}

function nameOf(host: HostName): string {
  return typeof host === 'string' ? host : host.name;
}
