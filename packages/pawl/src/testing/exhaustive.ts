/**
 * Exhaustive: goes through all runs of a small program that depart from the plain one at few places, depth-first over the tree of their
 * choices: each run repeats the one before it up to some choice, takes the next possibility there, and goes on plainly.
 *
 * What must hold: no run is made twice and none is left out. What is branched on are the choices of the schedule (which task is polled, which
 * runtime has its turn, which event of an instant is first, where a select begins) and of the test; the network's stay plain.
 */
import type { Decisions } from '../driver/sim/index.ts';

/**
 * The choices with which the next run begins, after one that has made `decisions`; null when there is none. `most`: the departures, choices
 * other than 0, that a run may have.
 */
export function nextRun(decisions: Decisions, most: number): Uint32Array | null {
  const { count } = decisions;
  let departures = 0;
  for (let at = 0; at < count; at++) if (decisions.at(at).value > 0) departures++;
  for (let at = count - 1; at >= 0; at--) {
    const { kind, n, value } = decisions.at(at);
    // Of those before this place.
    if (value > 0) departures--;
    if (kind.stream === 'network' || value + 1 >= n || departures >= most) continue;
    const choices = decisions.record().subarray(0, at + 1);
    choices[at] = value + 1;
    return choices;
  }
  return null;
}
