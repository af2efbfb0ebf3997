/**
 * The children of a scope, in the order of their spawning.
 *
 * What must hold: a task is in at most one list, and leaving costs O(1). The links are the tasks' own: an array with a slot number in
 * each task is 8 bytes smaller, but a long array is old while its new tasks are young, and the collector pays for each of those
 * pointers (10 % of spawn and join of 100,000).
 */
import type { Task } from './task.ts';

export class ChildList {
  private first: Task<unknown> | null = null;
  private last: Task<unknown> | null = null;
  size = 0;

  add(task: Task<unknown>): void {
    const { last } = this;
    if (last === null) this.first = task;
    else {
      last.following = task;
      task.previous = last;
    }
    this.last = task;
    this.size++;
  }

  remove(task: Task<unknown>): void {
    const { previous, following } = task;
    if (previous === null) this.first = following;
    else previous.following = following;
    if (following === null) this.last = previous;
    else following.previous = previous;
    task.previous = null;
    task.following = null;
    this.size--;
  }

  /** A copy, so that children may end while it is walked. */
  toArray(): Task<unknown>[] {
    const tasks: Task<unknown>[] = [];
    for (let task = this.first; task !== null; task = task.following) tasks.push(task);
    return tasks;
  }
}
