/**
 * Trace: the digest of a run at each of its decisions, deeds and steps in time, to find where two runs of one seed part.
 *
 * What must hold: the first place at which two traces differ is the first at which anything differed that the digest sees: a choice, what it was
 * among, the time, a byte; and before it shows there, a timer that is set, or bytes that are sent. It costs 4 bytes a place.
 */
import type { SimWorld } from '../driver/sim/index.ts';

/** What was seen at one place of a run. */
export interface Sight {
  readonly what: string;
  readonly time: number;
  readonly stack: string;
  /** The tasks of all hosts: where a coroutine that was resumed stands is not on the stack. */
  readonly tasks: string;
}

/** Of a stack, at the most. */
const FRAMES = 30;

export class Trace {
  private lows = new Int32Array(256);
  private count = 0;
  /** At which place to look around; -1 for none. */
  private readonly at: number;
  private readonly tasks: () => string;
  sight: Sight | null = null;

  /** Follows a world from its beginning. */
  constructor(world: SimWorld, at: number, tasks: () => string) {
    this.at = at;
    this.tasks = tasks;
    const { decisions } = world;
    decisions.onDecision = () => {
      if (this.count === this.at) {
        const { kind, n, value } = decisions.at(decisions.count - 1);
        this.look(world, `${kind.name}: ${value} of ${n}`);
      }
      this.add(decisions.digest.low);
    };
    world.onDeed = (what, mark) => {
      if (this.count === this.at) this.look(world, what);
      this.add(decisions.digest.low ^ mark);
    };
    world.onAdvance = () => {
      if (this.count === this.at) this.look(world, 'time moves on');
      this.add(decisions.digest.low);
    };
  }

  /** The first place at which they differ; undefined when they do not. */
  parting(other: Trace): number | undefined {
    const both = Math.min(this.count, other.count);
    for (let at = 0; at < both; at++) if (this.lows[at] !== other.lows[at]) return at;
    return this.count === other.count ? undefined : both;
  }

  private look(world: SimWorld, what: string): void {
    const { stackTraceLimit } = Error;
    // The program's own lines lie below ours.
    Error.stackTraceLimit = FRAMES;
    const { stack = '' } = new Error(what);
    Error.stackTraceLimit = stackTraceLimit;
    const [, ...lines] = stack.split('\n');
    const turn = lines.findIndex((line) => line.includes('at Runtime.turn '));
    const own = turn < 0 ? lines : lines.slice(0, turn);
    this.sight = { what, time: world.time, stack: own.join('\n'), tasks: this.tasks() };
  }

  private add(low: number): void {
    if (this.count === this.lows.length) {
      const lows = new Int32Array(this.count * 2);
      lows.set(this.lows);
      this.lows = lows;
    }
    this.lows[this.count++] = low;
  }
}
