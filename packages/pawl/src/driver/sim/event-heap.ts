/**
 * EventHeap: what will happen in a world, by time. Intrusive and indexed, so that an event can be moved and taken out.
 *
 * What must hold: events come out by time, and those of one time in the order in which they were put in (or moved).
 */

/** An event in a few words, and the name of the machine on which it happens. */
export interface EventNote {
  readonly machine: string;
  readonly what: string;
}

/** Something that happens at a time. The heap alone writes `time`, `order` and `place`. */
export abstract class WorldEvent {
  /** On the world's clock, in ms. */
  time = 0;
  /** Among those of the same time. */
  order = 0;
  /** In the heap; -1 outside. */
  place = -1;

  /** Must not throw. */
  abstract happen(): void;

  /** What happens, for a reader, where it is worth a line; asked just before. */
  describe(): EventNote | null {
    return null;
  }
}

/** An event that calls a function. */
export class CallEvent extends WorldEvent {
  private readonly call: () => void;

  constructor(call: () => void) {
    super();
    this.call = call;
  }

  override happen(): void {
    this.call();
  }
}

export class EventHeap {
  private readonly heap: WorldEvent[] = [];
  private orders = 0;

  get size(): number {
    return this.heap.length;
  }

  /** The time of the earliest event; Infinity without any. */
  get nextTime(): number {
    return this.heap.length === 0 ? Infinity : this.heap[0]!.time;
  }

  /** Puts an event in, or moves one that is in. */
  set(event: WorldEvent, time: number): void {
    if (event.place >= 0) this.remove(event);
    event.time = time;
    event.order = this.orders++;
    this.up(event, this.heap.length);
  }

  /** Harmless when it is not in. */
  remove(event: WorldEvent): void {
    const { heap } = this;
    const { place } = event;
    if (place < 0) return;
    event.place = -1;
    const last = heap.pop()!;
    if (last === event) return;
    if (place > 0 && isBefore(last, heap[(place - 1) >> 1]!)) this.up(last, place);
    else this.down(last, place);
  }

  /** Takes the earliest event out. There must be one. */
  take(): WorldEvent {
    const first = this.heap[0]!;
    this.remove(first);
    return first;
  }

  private up(event: WorldEvent, from: number): void {
    const { heap } = this;
    let place = from;
    while (place > 0) {
      const parent = heap[(place - 1) >> 1]!;
      if (!isBefore(event, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = (place - 1) >> 1;
    }
    heap[place] = event;
    event.place = place;
  }

  private down(event: WorldEvent, from: number): void {
    const { heap } = this;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      const child = heap[below]!;
      if (!isBefore(child, event)) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = event;
    event.place = place;
  }
}

function isBefore(a: WorldEvent, b: WorldEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
