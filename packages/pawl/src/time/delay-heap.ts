/**
 * DelayHeap: a binary heap by due time in which every entry knows its place.
 *
 * What must hold: `top` has the least due time, and of those the least number; an entry's `at` is its index while it is in, -1 after.
 */

/** A value in a delay queue, by which it can be removed or given another delay. */
export interface DelayKey<out T> {
  readonly value: T;
  /** @internal On the driver's clock. */
  readonly due: number;
}

interface Entry<T> extends DelayKey<T> {
  due: number;
  order: number;
  at: number;
}

export class DelayHeap<T> {
  private readonly entries: Entry<T>[] = [];
  private count = 0;

  get size(): number {
    return this.entries.length;
  }

  get top(): DelayKey<T> | null {
    return this.entries[0] ?? null;
  }

  add(value: T, due: number): DelayKey<T> {
    const entry: Entry<T> = { value, due, order: this.count++, at: this.entries.length };
    this.entries.push(entry);
    this.up(entry);
    return entry;
  }

  remove(key: DelayKey<T>): boolean {
    const entry = this.find(key);
    if (entry === null) return false;
    const last = this.entries.pop() as Entry<T>;
    if (last !== entry) {
      this.put(last, entry.at);
      this.up(last);
      this.down(last);
    }
    entry.at = -1;
    return true;
  }

  /** An entry that is moved counts as inserted now, among those of the same due time. */
  move(key: DelayKey<T>, due: number): boolean {
    const entry = this.find(key);
    if (entry === null) return false;
    entry.due = due;
    entry.order = this.count++;
    this.up(entry);
    this.down(entry);
    return true;
  }

  clear(): void {
    for (const entry of this.entries) entry.at = -1;
    this.entries.length = 0;
  }

  private find(key: DelayKey<T>): Entry<T> | null {
    const entry = key as Entry<T>;
    return this.entries[entry.at] === entry ? entry : null;
  }

  private put(entry: Entry<T>, at: number): void {
    this.entries[at] = entry;
    entry.at = at;
  }

  private up(entry: Entry<T>): void {
    let { at } = entry;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.entries[above] as Entry<T>;
      if (before(parent, entry)) break;
      this.put(parent, at);
      at = above;
    }
    this.put(entry, at);
  }

  private down(entry: Entry<T>): void {
    const { entries } = this;
    let { at } = entry;
    for (;;) {
      let below = 2 * at + 1;
      let child = entries[below];
      if (child === undefined) break;
      const right = entries[below + 1];
      if (right !== undefined && before(right, child)) {
        child = right;
        below++;
      }
      if (before(entry, child)) break;
      this.put(child, at);
      at = below;
    }
    this.put(entry, at);
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
