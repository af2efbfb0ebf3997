/**
 * What the threads suite measures:
 *
 * - a round trip of a small message (`{ id, text }`) between two threads, one at a time, so that both sleep in between: a channel of ours each
 *   way against a MessagePort; the same while receivers wait awake for up to 0.1 ms before they sleep, each thread on a core of its own; and 64 bytes over byte channels;
 * - HTTP on one thread, on two, and on two processes of node:cluster: a handler that answers at once, and one that computes for some 0.2 ms, as
 *   handlers that need more than a thread do.
 */

/** For how many ms the receivers of the waking rows wait awake: the bound that the row states. */
export const SPIN_MS = 0.1;

export interface Ping {
  readonly id: number;
  readonly text: string;
}

export const ping = (id: number): Ping => ({ id, text: 'ping' });

/** Bytes of a round trip over byte channels. */
export const BYTES = 64;

export const ROUND_TRIPS = 2000;
/** So few that most runs fit between two interruptions of a busy machine: their median is of those. */
export const AWAKE_ROUND_TRIPS = 200;

/** Of all pings, as they came back. */
export const expected = (n: number): number => (n * (n - 1)) / 2;

/** Some 0.2 ms of computing; the answer depends on it, so that nothing of it can be left out. */
export function compute(): string {
  let state = 1;
  for (let i = 0; i < 100_000; i++) state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return state === 0 ? 'never' : 'Hello, World!';
}
