/**
 * Ports: which ports of a machine are taken.
 *
 * What must hold: a port that the system chooses is taken by nobody, and was not within the last minute (TIME-WAIT, RFC 9293, 3.6.1; Linux's
 * TCP_TIMEWAIT_LEN): a late packet of its last connection can reach nobody else.
 */
import { PORT } from './kinds.ts';
import type { SimWorld } from './world.ts';

/** Linux's net.ipv4.ip_local_port_range. */
const FIRST = 32_768;
const COUNT = 28_232;

export const TIME_WAIT_MS = 60_000;

export class Ports {
  private readonly world: SimWorld;
  private readonly uses = new Map<number, number>();
  private readonly lingering = new Map<number, number>();
  /** -1 until one is wanted: most programs want none. */
  private next = -1;

  constructor(world: SimWorld) {
    this.world = world;
  }

  isTaken(port: number): boolean {
    return this.uses.has(port);
  }

  /** A connection that used it has ended less than a minute ago. */
  lingers(port: number): boolean {
    const until = this.lingering.get(port);
    if (until === undefined) return false;
    if (until > this.world.time) return true;
    this.lingering.delete(port);
    return false;
  }

  /** A free port, taken; 0 when there is none. */
  choose(): number {
    const { world } = this;
    if (this.next < 0) this.next = world.pick(COUNT, world.freedoms.order, PORT);
    for (let tried = 0; tried < COUNT; tried++) {
      const port = FIRST + this.next;
      this.next = (this.next + 1) % COUNT;
      if (this.isTaken(port) || this.lingers(port)) continue;
      this.take(port);
      return port;
    }
    return 0;
  }

  /** Several sockets may have one port. */
  take(port: number): void {
    this.uses.set(port, (this.uses.get(port) ?? 0) + 1);
  }

  release(port: number): void {
    const left = (this.uses.get(port) ?? 1) - 1;
    if (left === 0) this.uses.delete(port);
    else this.uses.set(port, left);
  }

  linger(port: number): void {
    this.lingering.set(port, this.world.time + TIME_WAIT_MS);
  }
}
