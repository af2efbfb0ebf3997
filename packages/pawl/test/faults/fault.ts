/**
 * Fault: a program with a mistake of a kind that real systems are found to have, and the same program without it.
 *
 * What must hold: both versions differ in the mistake alone, so that whatever tells them apart has found the mistake.
 */
import type { Scenario } from 'pawl/testing';

export interface Fault {
  readonly faulty: Scenario;
  readonly corrected: Scenario;
  /** How the faulty version fails: the message of what it throws. */
  readonly shows: RegExp;
}
