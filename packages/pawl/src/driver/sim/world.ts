/**
 * SimWorld: a world made from a seed. It has a time, events that will happen, and machines joined by a network; it moves by steps, and every
 * free choice in it is a decision.
 *
 * What must hold:
 * - `step` does one thing: an event that is due, or one turn of a runtime. Time stands still in it.
 * - Time moves by `advance` alone, to the next event, and only when nothing can run. A program that does not rest (it polls in a loop until a
 *   timer has fired, or sets one immediate after another) is the exception: after `PATIENCE` turns and events without a rest time creeps on under it, as it would in a real world.
 * - A world holds no state outside itself, and a thread may have many of them.
 */
import type { Among, DriverClient } from '../driver.ts';
import { Decisions } from './decisions.ts';
import { Digest } from './digest.ts';
import type { SimDriver } from './driver.ts';
import { EventHeap, CallEvent, type WorldEvent } from './event-heap.ts';
import { type Freedoms, PLAIN } from './freedoms.ts';
import { CLIENT, EVENT, EVENT_FIRST, SLICE } from './kinds.ts';
import type { LinkOptions } from './link.ts';
import { SimNetwork } from './network.ts';
import { RandomStrategy, type Strategy } from './strategy.ts';

/** Turns and events without a rest after which time moves on although something can run, and by how much with each: a poll then takes a microsecond. */
const PATIENCE = 200;
const CREEP = 0.061;

/** Polls of a turn: as many as the native driver's, or few of them, so that runtimes interleave. */
const SLICES = [61, 1, 2, 7, 19] as const;

export interface SimWorldOptions {
  readonly seed: number;
  /** Default: random, from the seed. */
  readonly strategy?: Strategy;
  /** Default: none, a quiet day. */
  readonly freedoms?: Freedoms;
  /** Of every link that is not set by itself. */
  readonly link?: LinkOptions;
}

/** Runs a turn of a runtime on a machine. */
export type Enter = (
  driver: SimDriver,
  turn: (client: DriverClient, limit: number) => number,
  client: DriverClient,
  limit: number,
) => number;

/** A runtime that is to have its turn. */
export interface Turn {
  /** The name of the machine that it is on. */
  readonly machine: string;
  queued: boolean;
  /** Runs the client's turn; true when it is to have another. */
  run(limit: number): boolean;
}

export class SimWorld {
  readonly seed: number;
  readonly decisions: Decisions;
  readonly freedoms: Freedoms;
  readonly events: EventHeap = new EventHeap();
  readonly network: SimNetwork;
  /** Milliseconds since the world began. */
  time = 0;
  /** Turns so far, and events of a program that does not rest. */
  turns = 0;
  /** Turns of one poll, so that a watcher sees the world between any two polls. */
  singly = false;
  /** While it is closed, whatever makes a task ready does so from outside: `onTrespass` is told on which machine. */
  open = true;
  onTrespass: (machine: string) => void = () => {};
  /** Every turn goes through it: whoever simulates may surround it. */
  enter: Enter = (_driver, turn, client, limit) => turn(client, limit);
  /** Called before each event. */
  onHappen: ((event: WorldEvent) => void) | null = null;
  /** Called when a program does what shows only later: sets a timer, sends or writes bytes. `mark` tells one from another. */
  onDeed: ((what: string, mark: number) => void) | null = null;
  /** Called when time has moved. */
  onAdvance: (() => void) | null = null;
  private readonly ready: Turn[] = [];
  private readonly turnsInLine: Among = { at: (place) => this.ready[place]! };
  /** Turns and events since nothing could run. */
  private restless = 0;

  constructor({ seed, strategy, freedoms = PLAIN, link = {} }: SimWorldOptions) {
    this.seed = seed;
    this.decisions = new Decisions(strategy ?? new RandomStrategy(seed));
    this.freedoms = freedoms;
    this.network = new SimNetwork(this, link);
  }

  /** A free choice whose plain answer is 0, and which is made differently with the probability `p`. */
  pick(n: number, p: number, kind: number, among: Among | null = null): number {
    return this.decisions.pick(n, p, kind, among);
  }

  /** Lets something happen after `ms`. */
  after(ms: number, call: () => void): WorldEvent {
    const event = new CallEvent(call);
    this.events.set(event, this.time + ms);
    return event;
  }

  enqueue(turn: Turn): void {
    if (turn.queued) return;
    if (!this.open) this.onTrespass(turn.machine);
    turn.queued = true;
    this.ready.push(turn);
  }

  /** Does one thing that can be done now; false when there is none. */
  step(): boolean {
    const { ready, events } = this;
    if (events.nextTime <= this.time && !this.defersEvent()) {
      this.happen();
      return true;
    }
    if (ready.length === 0) return false;
    const { order } = this.freedoms;
    const at = this.pick(ready.length, order, CLIENT, this.turnsInLine);
    const turn = ready[at]!;
    if (at === 0) ready.shift();
    else ready.splice(at, 1);
    turn.queued = false;
    this.turns++;
    if (++this.restless > PATIENCE) this.creep();
    const limit = this.singly ? 1 : SLICES[this.pick(SLICES.length, order, SLICE)]!;
    if (turn.run(limit)) this.enqueue(turn);
    return true;
  }

  /** Moves time to the next event; false when there is none. */
  advance(): boolean {
    const { nextTime } = this.events;
    if (nextTime === Infinity) return false;
    this.restless = 0;
    this.moveTo(nextTime);
    return true;
  }

  /** What a program does with bytes, where somebody compares runs. */
  deed(what: string, data: Uint8Array): void {
    if (this.onDeed === null) return;
    const digest = new Digest();
    digest.bytes(data);
    this.onDeed(`${what}: ${data.length} bytes`, digest.low);
  }

  private creep(): void {
    this.moveTo(Math.min(this.time + CREEP, this.events.nextTime));
  }

  private moveTo(time: number): void {
    if (time <= this.time) return;
    this.time = time;
    this.decisions.digest.time(time);
    this.onAdvance?.();
  }

  private defersEvent(): boolean {
    return (
      this.ready.length > 0 && this.restless < PATIENCE && this.decisions.chance(this.freedoms.eventOrder, EVENT_FIRST)
    );
  }

  private happen(): void {
    const { events } = this;
    let event = events.take();
    if (events.nextTime <= this.time && this.decisions.chance(this.freedoms.eventOrder, EVENT)) {
      // Behind the others of this instant.
      events.set(event, this.time);
      event = events.take();
    }
    // What happens may make the like of it happen again at once: an immediate does.
    if (++this.restless > PATIENCE) {
      this.turns++;
      this.creep();
    }
    if (this.onHappen !== null) this.onHappen(event);
    event.happen();
  }
}
