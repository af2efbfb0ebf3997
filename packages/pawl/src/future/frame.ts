/**
 * Frame: a future that awaits other futures, and the links through which a wake-up resumes the innermost frame directly.
 *
 * What must hold: a chain of frames is polled by plain nested calls. When a frame sees PENDING a second time at the same await, it
 * links its child to itself, and the outermost frame of the segment remembers the leaf: the next poll enters at the leaf, and values
 * go up through the links. `link` is null (not linked), the leaf (in the outermost frame of a segment), or the parent (in every
 * other). `awaited` is always the child, linked or not, so a dump can walk the await tree downward without polling.
 *
 * Measured on a prototype: a suspension at the bottom of a chain of 20 costs 141 ns so, and 891 ns when re-polled from the top.
 */
import type { Context } from './context.ts';
import { Future } from './future.ts';
import { PENDING as NOT_YET, type Pending, type Poll } from './poll.ts';

/** This module's own: see `poll.ts`. */
const PENDING: Pending = NOT_YET;

export abstract class Frame<out T> extends Future<T> {
  /** @internal */
  declare link: Frame<unknown> | null;
  /** @internal What the frame awaits; null before the first poll, while it runs, and after the end. */
  declare awaited: Future<unknown> | null;

  constructor() {
    super();
    this.link = null;
    this.awaited = null;
  }

  /** @internal True when its function has returned, and it only awaits the future that was returned. */
  get returned(): boolean {
    return false;
  }

  /** `inner` is true when a resumed segment enters this frame directly, instead of its outermost frame. */
  abstract override poll(cx: Context, inner?: boolean): Poll<T>;
}

/** Hands a completed leaf's result to the frame that awaits it: one object for all, nothing is allocated. */
class Delivery extends Future<unknown> {
  value: unknown = undefined;
  failed = false;

  poll(_cx: Context): unknown {
    const { value, failed } = this;
    this.value = undefined;
    this.failed = false;
    if (failed) throw value;
    return value;
  }
}
const delivery = new Delivery();

/** Called by a frame whose awaited future has said PENDING again. */
export function relink(frame: Frame<unknown>, inner: boolean | undefined): Pending {
  const child = frame.awaited;
  if (child instanceof Frame) {
    // Until now the child was the outermost frame of a segment of its own, and knew its leaf.
    const below = child.link;
    child.link = frame;
    if (inner !== true) frame.link = below === null || below === frame ? child : below;
  }
  return PENDING;
}

/**
 * The lowest frame that is linked all the way up to this one. Found by walking, once for each link, so that a suspension has nothing to
 * note.
 */
function leafOf(frame: Frame<unknown>): Frame<unknown> {
  let lowest = frame;
  for (;;) {
    const child = lowest.awaited;
    if (!(child instanceof Frame) || child.link !== lowest) return lowest;
    lowest = child;
  }
}

/** Polls a linked segment from its leaf upward. */
export function resume<T>(root: Frame<T>, cx: Context): Poll<T> {
  let frame: Frame<unknown> = root.link as Frame<unknown>;
  for (;;) {
    let value: unknown;
    try {
      value = frame.poll(cx, true);
      if (value === PENDING) {
        root.link = frame === root ? null : leafOf(frame);
        return PENDING;
      }
    } catch (error) {
      if (frame === root) throw error;
      delivery.failed = true;
      value = error;
    }
    if (frame === root) return value as T;
    const parent = frame.link as Frame<unknown>;
    frame.link = null;
    delivery.value = value;
    parent.awaited = delivery;
    if (parent === root) root.link = null;
    frame = parent;
  }
}
