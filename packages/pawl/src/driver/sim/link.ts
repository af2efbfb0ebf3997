/**
 * Link: the way from one machine to another, in one direction: how long a packet travels, how many get lost, how much goes through.
 *
 * What must hold: packets of a connection arrive in the order in which they were sent (a lost one not at all); whoever sends more than goes
 * through waits behind the own packets. What is under way when a link goes down still arrives.
 */
import { PawlError } from '../../error/index.ts';
import { knownOptions } from '../../error/known-options.ts';
import type { WorldEvent } from './event-heap.ts';
import { DUPLICATE, LATENCY, LOSS } from './kinds.ts';
import type { SimWorld } from './world.ts';

/** How long a packet travels, in ms: always the same, evenly spread, or by quantile (0 gives the shortest time, just below 1 the longest). */
export type Latency = number | { readonly min: number; readonly max: number } | ((quantile: number) => number);

export interface LinkOptions {
  readonly latency?: Latency;
  /** The part of the packets that gets lost, from 0 to 1. TCP sends them again, so that they are late and nothing is missing. Default: as the freedom `loss` says. */
  readonly loss?: number;
  /** Bytes a second. Default: as much as comes. */
  readonly bandwidth?: number;
}

/** Quantiles that are distinguished: a choice of latency is one of so many. */
const STEPS = 64;

/** A packet behind another arrives this much later, at least: a nanosecond, so that no two arrive at one instant. */
const GAP = 1e-6;

export class Link {
  down = false;
  private readonly world: SimWorld;
  private readonly local: boolean;
  private quantile: (quantile: number) => number = () => 0;
  /** Null: as the freedoms of the world say. */
  private loss: number | null = null;
  /** Bytes a ms. */
  private bandwidth = Infinity;
  /** When the last packet is on its way, and when it arrives. */
  private freeAt = 0;
  private lastArrival = 0;

  /** `local`: from a machine to itself, where nothing gets lost or overtakes. */
  constructor(world: SimWorld, options: LinkOptions, local: boolean) {
    this.world = world;
    this.local = local;
    this.set(options);
  }

  /** Changes what is given. BAD_ARGUMENT for what no link can be. */
  set(options: LinkOptions): void {
    knownOptions('a link', options, { latency: true, loss: true, bandwidth: true });
    const { latency, loss, bandwidth } = options;
    if (latency !== undefined) this.quantile = quantileOf(latency);
    if (loss !== undefined) {
      if (!(typeof loss === 'number' && loss >= 0 && loss <= 1))
        throw new PawlError('BAD_ARGUMENT', `loss is a part from 0 to 1, got ${String(loss)}`);
      this.loss = loss;
    }
    if (bandwidth !== undefined) {
      if (!(typeof bandwidth === 'number' && bandwidth > 0))
        throw new PawlError('BAD_ARGUMENT', `bandwidth is in bytes a second, got ${String(bandwidth)}`);
      this.bandwidth = bandwidth / 1000;
    }
  }

  /** Sends a packet of so many bytes behind the ones before it: `arrival` happens when it arrives, if it does. */
  send(arrival: WorldEvent, size: number): void {
    const at = this.travel(size);
    if (at === Infinity) return;
    this.lastArrival = Math.max(at, this.lastArrival + GAP);
    this.world.events.set(arrival, this.lastArrival);
  }

  /** Sends a datagram, which may overtake others, and may arrive twice. */
  sendDatagram(arrival: () => WorldEvent, size: number): void {
    const { events, decisions, freedoms } = this.world;
    // Within the call, as Linux does it: whoever sends without a pause fills the receiver's queue.
    if (this.local) {
      arrival().happen();
      return;
    }
    const copies = decisions.chance(freedoms.duplicate, DUPLICATE) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const at = this.travel(size);
      if (at < Infinity) events.set(arrival(), at);
    }
  }

  /** When a packet that is sent now arrives; Infinity: never. */
  private travel(size: number): number {
    if (this.down) return Infinity;
    const { world } = this;
    const { decisions, freedoms } = world;
    this.freeAt = Math.max(world.time, this.freeAt) + size / this.bandwidth;
    if (!this.local && decisions.chance(this.loss ?? freedoms.loss, LOSS)) return Infinity;
    return this.freeAt + this.quantile(world.pick(STEPS, freedoms.latency, LATENCY) / STEPS);
  }
}

function quantileOf(latency: Latency): (quantile: number) => number {
  if (typeof latency === 'number') return fixed(latency);
  if (typeof latency === 'function') return (quantile) => checked(latency(quantile));
  if (typeof latency !== 'object' || latency === null) checked(latency);
  const { min, max } = latency;
  if (!(checked(max) >= checked(min)))
    throw new PawlError('BAD_ARGUMENT', `a latency of at least ${min} and at most ${max} ms`);
  return (quantile) => min + (max - min) * quantile;
}

function fixed(latency: number): () => number {
  checked(latency);
  return () => latency;
}

function checked(latency: number): number {
  if (typeof latency === 'number' && latency >= 0 && latency < Infinity) return latency;
  throw new PawlError('BAD_ARGUMENT', `a latency is a number of milliseconds, zero or more, got ${String(latency)}`);
}
