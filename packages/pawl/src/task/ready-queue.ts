/**
 * The ready queue: tasks that have been woken and not yet polled.
 *
 * What must hold: a task is in it at most once (its QUEUED flag says so). Order is first in, first out, unless the driver chooses. A
 * ring of a power of two: a parked task pays nothing for it, and push and shift allocate nothing while the ring is large enough.
 */
import type { Task } from './task.ts';

export class ReadyQueue {
  private ring: (Task<unknown> | undefined)[] = Array.from({ length: 64 });
  private head = 0;
  length = 0;

  push(task: Task<unknown>): void {
    if (this.length === this.ring.length) this.grow();
    this.ring[(this.head + this.length) & (this.ring.length - 1)] = task;
    this.length++;
  }

  shift(): Task<unknown> {
    const { ring, head } = this;
    const task = ring[head] as Task<unknown>;
    ring[head] = undefined;
    this.head = (head + 1) & (ring.length - 1);
    this.length--;
    return task;
  }

  /** Takes the task at `at`, counted from the oldest; the oldest takes its place. */
  take(at: number): Task<unknown> {
    if (at > 0) {
      const mask = this.ring.length - 1;
      const chosen = (this.head + at) & mask;
      const task = this.ring[chosen];
      this.ring[chosen] = this.ring[this.head];
      this.ring[this.head] = task;
    }
    return this.shift();
  }

  clear(): void {
    this.ring = Array.from({ length: 64 });
    this.head = 0;
    this.length = 0;
  }

  private grow(): void {
    const { ring, head, length } = this;
    const grown: (Task<unknown> | undefined)[] = Array.from({ length: length * 2 });
    for (let at = 0; at < length; at++) grown[at] = ring[(head + at) & (length - 1)];
    this.ring = grown;
    this.head = 0;
  }
}
