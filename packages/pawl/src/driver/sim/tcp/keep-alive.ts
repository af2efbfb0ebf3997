/**
 * KeepAlive: probes on a connection that nothing has come over for a while (RFC 9293, 3.8.4; tcp(7)).
 *
 * What must hold: a peer that answers no probe, however many were agreed on, is taken for gone; one that sends anything is not asked.
 */
import { CallEvent, type WorldEvent } from '../event-heap.ts';
import type { TcpEndpoint } from './endpoint.ts';
import { ACK, PROBE } from './segment.ts';

/** Linux's defaults: two hours, 75 seconds, nine probes. */
const DELAY = 7_200_000;
const INTERVAL = 75_000;
const PROBES = 9;

export class KeepAlive {
  private readonly endpoint: TcpEndpoint;
  private readonly event: WorldEvent;
  private on = false;
  private delay = DELAY;
  private interval = INTERVAL;
  private probes = PROBES;
  private heardAt: number;
  private unanswered = 0;

  constructor(endpoint: TcpEndpoint) {
    this.endpoint = endpoint;
    this.heardAt = endpoint.world.time;
    this.event = new CallEvent(() => this.ring());
  }

  /** Times in ms, of which the kernel counts whole seconds. */
  set(on: boolean, delay: number = this.delay, interval: number = this.interval, probes: number = this.probes): void {
    this.on = on;
    this.delay = wholeSeconds(delay);
    this.interval = wholeSeconds(interval);
    this.probes = probes;
    if (on) this.arm(this.heardAt + this.delay);
    else this.stop();
  }

  /** Something has come from the peer. */
  heard(): void {
    this.heardAt = this.endpoint.world.time;
    this.unanswered = 0;
  }

  stop(): void {
    this.on = false;
    this.endpoint.world.events.remove(this.event);
  }

  private arm(at: number): void {
    const { world } = this.endpoint;
    world.events.set(this.event, Math.max(at, world.time));
  }

  private ring(): void {
    const { endpoint, heardAt, delay, interval } = this;
    const { world } = endpoint;
    if (!this.on) return;
    if (world.time < heardAt + delay) this.arm(heardAt + delay);
    else if (this.unanswered >= this.probes) endpoint.timedOut();
    else {
      this.unanswered++;
      endpoint.transmit(ACK | PROBE, endpoint.sender.sequence, null);
      this.arm(world.time + interval);
    }
  }
}

function wholeSeconds(ms: number): number {
  return Math.max(Math.ceil(ms / 1000), 1) * 1000;
}
