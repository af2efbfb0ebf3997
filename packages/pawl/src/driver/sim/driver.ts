/**
 * SimDriver: what a runtime on a simulated machine has of the world, from one boot of it to its crash.
 *
 * What must hold:
 * - Its clock, randomness, timers and network are the machine's. Whatever can be chosen is chosen by the world's decisions.
 * - After `halt` nothing of it acts any more: no turn, no timer, no packet, whatever was left over still holds a reference to it.
 * - Nothing of the real world is reachable through it; what would be is refused with SIM_REAL_WORLD.
 */
import { PawlError } from '../../error/index.ts';
import type { Among, Driver, DriverClient, DriverMetrics, NetDriver, Opened, RemoteWaker, Timers } from '../driver.ts';
import { Alarm } from './alarm.ts';
import { SimFiles } from './disk/files.ts';
import { SELECT, TASK } from './kinds.ts';
import { SimLookup } from './lookup.ts';
import type { SimMachine } from './machine.ts';
import type { SimSource } from './source.ts';
import { NetStack } from './tcp/stack.ts';
import { UdpStack } from './udp/stack.ts';
import type { SimWorld, Turn } from './world.ts';

/** A client's place in the world's queue. */
class ClientTurn implements Turn {
  queued = false;
  private readonly client: DriverClient;
  private readonly driver: SimDriver;

  constructor(driver: SimDriver, client: DriverClient) {
    this.driver = driver;
    this.client = client;
  }

  get machine(): string {
    return this.driver.machine.name;
  }

  run(limit: number): boolean {
    return this.driver.turn(this.client, limit);
  }
}

function turnOf(client: DriverClient, limit: number): number {
  return client.turn(limit);
}

export class SimDriver implements Driver {
  readonly kind = 'sim';
  readonly reason: string;
  readonly machine: SimMachine;
  readonly world: SimWorld;
  readonly stack: NetStack;
  readonly udp: UdpStack;
  readonly files: SimFiles;
  readonly net: NetDriver;
  readonly timers: Timers;
  readonly attached: Set<DriverClient> = new Set();
  /** What is open, but for files. */
  readonly sources: Set<SimSource> = new Set();
  /** Stored I/O wakers. */
  waiting = 0;
  /** The machine has crashed. */
  halted = false;
  private readonly alarm: Alarm;
  private readonly turns = new Map<DriverClient, ClientTurn>();
  private running: DriverClient | null = null;
  private blocked = 0;
  private turnCount = 0;

  constructor(machine: SimMachine) {
    this.machine = machine;
    this.world = machine.world;
    this.reason = `the host "${machine.name}" of a world simulated from seed ${machine.world.seed}`;
    this.alarm = new Alarm(machine);
    this.timers = this.alarm.wheel;
    this.stack = new NetStack(this);
    this.udp = new UdpStack(this);
    this.files = new SimFiles(this);
    this.net = {
      tcpListen: (address, options) => this.alive().stack.listen(address, options),
      tcpConnect: (address, options) => this.alive().stack.connect(address, options),
      udpBind: (address, options) => this.alive().udp.bind(address, options),
      resolve: (host) => new SimLookup(machine, host),
    };
  }

  now(): number {
    return this.machine.clock.monotonic(this.world.time);
  }

  refresh(): number {
    return this.machine.clock.monotonic(this.world.time);
  }

  /** Time of day, in ms since 1970. */
  wallTime(): number {
    return this.machine.clock.wall(this.world.time);
  }

  /** What the program draws is no decision: it stays the same however a run is scheduled. */
  random(): number {
    const drawn = this.machine.prng.float();
    this.world.decisions.digest.add(Math.floor(drawn * 0x1_0000_0000));
    return drawn;
  }

  /** Random bytes for the program. */
  fill(bytes: Uint8Array): void {
    this.machine.prng.fill(bytes);
    this.world.decisions.digest.bytes(bytes);
  }

  choose(n: number, among: Among): number {
    return this.world.pick(n, this.world.freedoms.order, TASK, among);
  }

  begin(n: number): number {
    return this.world.decisions.choose(n, SELECT);
  }

  /** A world goes on as long as its main does: in it no timer keeps anything alive. */
  get background(): Timers {
    return this.timers;
  }

  get blocking(): boolean {
    return this.blocked > 0;
  }

  get metrics(): DriverMetrics {
    const { sources, waiting, timers, turnCount, files } = this;
    return {
      descriptors: sources.size,
      timers: timers.size,
      turns: turnCount,
      waiting,
      operations: files.pending,
      files: files.opened.size,
    };
  }

  *opened(): Iterable<Opened> {
    for (const object of this.alarm.wheel) yield { object, what: 'timer' };
    for (const object of this.sources) yield { object, what: object.what };
    for (const object of this.files.opened) yield { object, what: object.what };
  }

  schedule(client: DriverClient): void {
    if (client === this.running || this.halted) return;
    let turn = this.turns.get(client);
    if (turn === undefined) this.turns.set(client, (turn = new ClientTurn(this, client)));
    this.world.enqueue(turn);
  }

  attach(client: DriverClient): void {
    this.attached.add(client);
  }

  detach(client: DriverClient): void {
    this.attached.delete(client);
    if (client !== this.running) this.turns.delete(client);
  }

  remoteWaker(): RemoteWaker {
    throw new PawlError(
      'SIM_REAL_WORLD',
      'remoteWaker: another thread has no place in a simulated world, nothing it does could be repeated',
    );
  }

  /** Moves the whole world until `done()`. What waits for Node's loop meanwhile fails with BLOCKING_NODE. */
  block(_client: DriverClient, done: () => boolean): void {
    const { world } = this;
    this.blocked++;
    try {
      while (!done()) {
        if (!world.step() && !world.advance())
          throw new PawlError('DEADLOCK', 'nothing in the simulated world can bring about what is waited for');
      }
    } finally {
      this.blocked--;
    }
  }

  turn(client: DriverClient, limit: number): boolean {
    if (this.halted) return false;
    this.turnCount++;
    this.running = client;
    try {
      return this.world.enter(this, turnOf, client, limit) > 0;
    } finally {
      this.running = null;
      if (!this.attached.has(client)) this.turns.delete(client);
    }
  }

  /** The machine has lost its power. */
  halt(): void {
    this.halted = true;
    this.alarm.drop();
    this.stack.vanish();
    this.attached.clear();
    this.turns.clear();
  }

  private alive(): this {
    if (!this.halted) return this;
    throw new PawlError('CLOSED', `the host "${this.machine.name}" has crashed, and this ran on it before`);
  }
}
