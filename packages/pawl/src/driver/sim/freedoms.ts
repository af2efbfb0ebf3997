/**
 * Freedoms: how often a simulated kernel does what a real one may do and seldom does. Each is a probability; 0 switches it off.
 *
 * What must hold: none of them breaks a promise of the driver's contract. A program that fails under one has a fault.
 */
import { PawlError } from '../../error/index.ts';
import { Prng } from './prng.ts';

export interface Freedoms {
  /** A ready task, or a runtime, other than the first one has its turn. */
  readonly order: number;
  /** An event that is due is seen only after tasks have run. */
  readonly eventOrder: number;
  /** A timer fires some ms late. */
  readonly lateTimer: number;
  /** Whoever waits for I/O is woken some ms late: several events become one wake-up. */
  readonly lateWake: number;
  /** Whoever waits for I/O is woken for nothing. */
  readonly spuriousWake: number;
  /** What is ready says EAGAIN, and is ready again soon. */
  readonly again: number;
  readonly shortRead: number;
  readonly shortWrite: number;
  /** A packet takes longer than the shortest time of its link, and an operation on a disk longer than on an idle one. */
  readonly latency: number;
  /** A packet gets lost, on a link that says nothing of its own. */
  readonly loss: number;
  /** A datagram arrives twice. */
  readonly duplicate: number;
  /** A change of a file or a name that was not synced is there after a crash, or a part of it. */
  readonly unsynced: number;
}

/** Everything as on a quiet day: first in, first out, whole, in time. */
export const PLAIN: Freedoms = {
  order: 0,
  eventOrder: 0,
  lateTimer: 0,
  lateWake: 0,
  spuriousWake: 0,
  again: 0,
  shortRead: 0,
  shortWrite: 0,
  latency: 0,
  loss: 0,
  duplicate: 0,
  unsynced: 0,
};

/** What each of them may be in a seed of a swarm, besides 0. */
const STRENGTHS: { readonly [K in keyof Freedoms]: readonly number[] } = {
  order: [0.1, 1],
  eventOrder: [0.1, 0.5],
  lateTimer: [0.05, 0.5],
  lateWake: [0.05, 0.3],
  spuriousWake: [0.02, 0.2],
  again: [0.02, 0.2],
  shortRead: [0.05, 0.5],
  shortWrite: [0.05, 0.5],
  latency: [0.1, 1],
  loss: [0.01, 0.05],
  duplicate: [0.01, 0.1],
  unsynced: [0.3, 0.9],
};

/**
 * The freedoms of one seed: about half of them are off, the others are weak or strong. A fault that needs one freedom is often hidden by
 * another, so that many worlds, each with few of them, find more than as many worlds with all (Groce and others, "Swarm Testing", 2012).
 */
export function swarm(seed: number): Freedoms {
  const prng = new Prng(seed, 'swarm');
  const chosen: Record<string, number> = {};
  for (const [name, strengths] of Object.entries(STRENGTHS)) {
    // The order of tasks is what most faults are about: it is off in a quarter of the worlds only.
    const on = name === 'order' ? prng.below(4) > 0 : prng.below(2) > 0;
    const strength = strengths[prng.below(strengths.length)]!;
    chosen[name] = on ? strength : 0;
  }
  return chosen as unknown as Freedoms;
}

/** `base` with what the caller says. BAD_ARGUMENT for anything but probabilities of known freedoms. */
export function withFreedoms(base: Freedoms, own: Partial<Freedoms> = {}): Freedoms {
  for (const [name, p] of Object.entries(own)) {
    if (!(name in base)) throw new PawlError('BAD_ARGUMENT', `there is no freedom named ${name}`);
    if (!(typeof p === 'number' && p >= 0 && p <= 1))
      throw new PawlError('BAD_ARGUMENT', `the freedom ${name} is a probability from 0 to 1, got ${String(p)}`);
  }
  return { ...base, ...own };
}
