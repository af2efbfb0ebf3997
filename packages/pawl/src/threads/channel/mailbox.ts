/**
 * The mailbox of this thread: through it other threads wake what waits here for them.
 *
 * What must hold: it is there while an end of a channel is open on this thread, and keeps the process alive only while something waits. One
 * wake-up makes everything that waits look: those who wait are few, and a look is a load from shared memory.
 */
import type { RemoteWaker } from '../../driver/driver.ts';
import { nativeDriver } from '../../driver/native/index.ts';
import { openEnds, threadCounts } from '../../task/metrics.ts';

/** What another thread wakes. */
export interface Looking {
  /** There may be news. */
  look(): void;
}

export class Mailbox {
  readonly waker: RemoteWaker;
  private readonly users = new Set<Looking & { readonly title: string }>();
  private readonly waiting = new Set<Looking>();

  private constructor() {
    this.waker = nativeDriver().remoteWaker(() => {
      for (const one of this.waiting) one.look();
    });
    this.waker.unref();
  }

  private static here: Mailbox | null = null;

  /** This thread's, until `leave` is called as often. */
  static enter(user: Looking & { readonly title: string }): Mailbox {
    const mailbox = (this.here ??= new Mailbox());
    mailbox.users.add(user);
    openEnds.add(user);
    threadCounts.ends++;
    return mailbox;
  }

  leave(user: Looking & { readonly title: string }): void {
    if (!this.users.delete(user)) return;
    openEnds.delete(user);
    threadCounts.ends--;
    if (this.users.size > 0) return;
    Mailbox.here = null;
    this.waker.close();
  }

  wait(one: Looking): void {
    if (this.waiting.size === 0) this.waker.ref();
    this.waiting.add(one);
  }

  rest(one: Looking): void {
    if (this.waiting.delete(one) && this.waiting.size === 0) this.waker.unref();
  }
}
