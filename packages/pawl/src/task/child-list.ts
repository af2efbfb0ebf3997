/**
 * The children of a scope, in the order of their spawning.
 *
 * What must hold: each child knows its slot, so leaving costs O(1); holes are closed when they outnumber the children, so the list never
 * grows with what has ended. An array and one slot number a task: links between siblings cost more memory and make the collector
 * walk a chain.
 */
import type { Task } from './task.ts';

export class ChildList {
  private slots: (Task<unknown> | null)[] = [];
  size = 0;

  add(task: Task<unknown>): void {
    task.slot = this.slots.length;
    this.slots.push(task);
    this.size++;
  }

  remove(task: Task<unknown>): void {
    const { slots } = this;
    slots[task.slot] = null;
    task.slot = -1;
    this.size--;
    if (this.size === 0) {
      if (slots.length > 0) this.slots = [];
    } else if (slots.length > 32 && slots.length > this.size * 2) this.compact();
  }

  /** A copy, so that children may end while it is walked. */
  toArray(): Task<unknown>[] {
    return this.slots.filter((task) => task !== null);
  }

  private compact(): void {
    this.slots = this.toArray();
    for (const [slot, task] of this.slots.entries()) (task as Task<unknown>).slot = slot;
  }
}
