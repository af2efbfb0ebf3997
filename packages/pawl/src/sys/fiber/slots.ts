/**
 * Slots: which callbacks C may call, and what those answer that it must not call any more.
 *
 * What must hold: an open slot's owner is reachable from here, and so is never collected. A closed slot stays valid to call: its machine
 * code answers the failure value (or goes on elsewhere) by itself, for as long as the process lives. Slots are used again in the order in
 * which they were closed, so that a late call has the longest time to reach a closed one.
 */
import { PawlError } from '../../error/index.ts';
import { CELL, SLOT, SLOTS, SLOT_SIZE, THUNK_SIZE } from './layout.ts';
import { machine } from './machine.ts';

/** Bits of a failure value: as an integer, or as a floating-point number. */
export interface Failure {
  readonly integer: bigint;
  readonly float: bigint;
}

const owners: (object | null)[] = [];
const names: string[] = [];
/** Closed slots, the longest closed first. */
const closed: number[] = [];
let open = 0;
let refusedBefore = 0;

/** Opens a slot: its number. `instead` is a function to go on in when the callback is refused; 0 for none. Throws LIMIT_EXCEEDED. */
export function openSlot(owner: object, name: string, failure: Failure, instead: number): number {
  const { view } = machine();
  let slot = owners.length;
  if (slot === SLOTS) {
    const reused = closed.shift();
    if (reused === undefined) {
      throw new PawlError(
        'LIMIT_EXCEEDED',
        `${SLOTS} callbacks are open on this thread: dispose of those that C does not call any more`,
      );
    }
    slot = reused;
  }
  owners[slot] = owner;
  names[slot] = name;
  open++;
  const at = CELL.slots + slot * SLOT_SIZE;
  view.setBigUint64(at + SLOT.failure, failure.integer, true);
  view.setBigUint64(at + SLOT.failureFloat, failure.float, true);
  view.setBigUint64(at + SLOT.instead, BigInt(instead), true);
  view.setBigUint64(at + SLOT.open, 1n, true);
  return slot;
}

/** From now on it answers its failure value without asking anybody. */
export function closeSlot(slot: number): void {
  machine().view.setBigUint64(CELL.slots + slot * SLOT_SIZE + SLOT.open, 0n, true);
  owners[slot] = null;
  closed.push(slot);
  open--;
}

/** The address that C calls. */
export function slotAddress(slot: number): number {
  return machine().addresses.callbacks + slot * THUNK_SIZE;
}

export function slotOwner(slot: number): object | null {
  return owners[slot] ?? null;
}

/** Callbacks that are open. */
export function openSlots(): number {
  return open;
}

/** The name of the last callback that was refused since the last question; null when none was. */
export function takeRefused(): string | null {
  const { view, words, cell } = machine();
  const refused = words[CELL.refused / 4]!;
  if (refused === refusedBefore) return null;
  refusedBefore = refused;
  const slot = (Number(view.getBigUint64(CELL.refusedSlot, true)) - cell) / SLOT_SIZE;
  return names[slot] ?? null;
}
