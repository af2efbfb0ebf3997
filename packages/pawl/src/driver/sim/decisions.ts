/**
 * Decisions: the one place through which every free choice of a run passes. It asks the strategy, keeps the answer, and mixes it into the
 * digest of the run.
 *
 * What must hold: choice 0 is the plain behaviour (first in, first out; the whole read; no wake-up for nothing; the shortest way), so that a
 * recorded run becomes simpler by setting choices to 0 and by dropping the last ones. Where there is nothing to choose nothing is asked or
 * kept. A decision costs 12 ns and 8 bytes.
 */
import { PawlError } from '../../error/index.ts';
import type { Among } from '../driver.ts';
import { Digest } from './digest.ts';
import { BUILT_IN, type Kind, type Stream } from './kinds.ts';
import type { Strategy } from './strategy.ts';

/** A decision as it is read from the record. `n`: among how many, up to {@link MOST}. */
export interface Decision {
  readonly kind: Kind;
  readonly n: number;
  readonly value: number;
}

/** The largest number of possibilities that the record tells; a choice among more is kept, but its `n` is not. */
const MOST = 0xff_ffff;

export class Decisions {
  readonly digest: Digest = new Digest();
  /** The answers so far are the first `count` of `values`. */
  count = 0;
  private values = new Uint32Array(256);
  /** The kind in the upper 8 bits, `n` in the lower 24. */
  private questions = new Uint32Array(256);
  private readonly strategy: Strategy;
  private readonly kinds: Kind[] = [...BUILT_IN];
  /** Called after each decision, where somebody wants to compare runs. */
  onDecision: (() => void) | null = null;

  constructor(strategy: Strategy) {
    this.strategy = strategy;
  }

  /** One of `n` possibilities: a whole number in [0, n). */
  choose(n: number, kind: number): number {
    if (n <= 1) return 0;
    const value = this.strategy.choose(n, this.kinds[kind]!);
    this.keep(value, n, kind);
    return value;
  }

  /** One of `n` possibilities of which 0 is the plain one; another is considered with probability `p`. One decision, whatever comes of it. */
  pick(n: number, p: number, kind: number, among: Among | null = null): number {
    if (n <= 1 || p <= 0) return 0;
    const value = this.strategy.pick(n, p, this.kinds[kind]!, among);
    this.keep(value, n, kind);
    return value;
  }

  /** Whether something happens that happens with probability `p`. */
  chance(p: number, kind: number): boolean {
    if (p <= 0) return false;
    const happens = this.strategy.chance(p, this.kinds[kind]!);
    this.keep(happens ? 1 : 0, 2, kind);
    return happens;
  }

  /** A kind of the program's own. The same name gives the same number. LIMIT_EXCEEDED after 256. */
  define(name: string, stream: Stream): number {
    const known = this.kinds.findIndex((kind) => kind.name === name && kind.stream === stream);
    if (known >= 0) return known;
    if (this.kinds.length > 0xff)
      throw new PawlError(
        'LIMIT_EXCEEDED',
        `a simulated world knows 256 kinds of decisions, "${name}" is one too many`,
      );
    return this.kinds.push({ name, stream }) - 1;
  }

  /** The answers so far: what a replay needs. A copy. */
  record(): Uint32Array {
    return this.values.slice(0, this.count);
  }

  /** The decision at a place in the record. */
  at(index: number): Decision {
    const question = this.questions[index]!;
    return { kind: this.kinds[question >>> 24]!, n: question & MOST, value: this.values[index]! };
  }

  private keep(value: number, n: number, kind: number): void {
    const at = this.count;
    if (at === this.values.length) this.grow();
    this.values[at] = value;
    this.questions[at] = (kind << 24) | (n < MOST ? n : MOST);
    this.count = at + 1;
    this.digest.add(value);
    this.digest.add(kind ^ (n << 8));
    if (this.onDecision !== null) this.onDecision();
  }

  private grow(): void {
    const [values, questions] = [new Uint32Array(this.count * 2), new Uint32Array(this.count * 2)];
    values.set(this.values);
    questions.set(this.questions);
    this.values = values;
    this.questions = questions;
  }
}
