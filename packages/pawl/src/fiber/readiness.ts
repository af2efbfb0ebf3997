/**
 * Readiness: waits until one of several descriptors is ready, in the thread's own event queue.
 *
 * What must hold: the descriptors are C's, which may close them as soon as it goes on: they are registered for the time of one wait only, in a
 * queue of their own that is nested in the thread's, so that the same descriptor may be waited for twice.
 */
import { PawlError } from '../error/index.ts';
import { driverOf } from '../driver/driver.ts';
import type { NativeDriver } from '../driver/native/native.ts';
import { Source } from '../driver/native/source.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { waitInfo, type WaitInfo } from '../future/wait-info.ts';
import { check } from '../sys/errno.ts';
import { READABLE } from '../sys/queue/readiness.ts';
import { Selector } from '../sys/queue/selector.ts';

/** A descriptor and what it is waited for: bits of `Interest`. */
export interface Wanted {
  readonly fd: number;
  readonly interest: number;
}

/** The nested queue, as the reactor sees it. */
class Nested extends Source {
  readonly #selector: Selector;

  constructor(driver: NativeDriver, wanted: readonly Wanted[]) {
    const selector = new Selector(1);
    super(driver.reactor, selector.fd, 0);
    this.#selector = selector;
    try {
      for (const { fd, interest } of wanted) check(selector.add(fd, 0, 0, interest, 'level'), 'epoll_ctl');
      driver.reactor.register(this, false);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get what(): string {
    return 'descriptors of a C library';
  }

  pollReady(cx: Context): Poll<void> {
    this.checkDriver(cx);
    if ((this.state & READABLE) !== 0) return undefined;
    this.storeReader(cx.waker);
    return PENDING;
  }

  protected override closeDescriptor(): void {
    this.#selector.close();
  }
}

export class Readiness extends Future<void> {
  readonly #wanted: readonly Wanted[];
  #nested: Nested | null = null;
  #done = false;

  constructor(wanted: readonly Wanted[]) {
    super();
    this.#wanted = merged(wanted);
  }

  override poll(cx: Context): Poll<void> {
    if (this.#done) throw alreadyCompleted('a wait for descriptors');
    this.#nested ??= this.#open(cx);
    if (this.#nested.pollReady(cx) === PENDING) return PENDING;
    this.#close();
    return undefined;
  }

  override cancel(): Poll<void> {
    this.#close();
    return undefined;
  }

  #open(cx: Context): Nested {
    const driver = driverOf(cx);
    // What wraps the native driver, for a clock of its own, lets its events through.
    const native = driver.kind === 'native' ? driver : driver.beneath;
    if (native?.kind !== 'native') {
      throw new PawlError('UNSUPPORTED_PLATFORM', `descriptors of C need the native driver, this is ${driver.kind}`);
    }
    return new Nested(native as NativeDriver, this.#wanted);
  }

  #close(): void {
    this.#done = true;
    this.#nested?.close();
    this.#nested = null;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `readiness of descriptor ${this.#wanted.map(({ fd }) => fd).join(', ')}` };
  }
}

/** Each descriptor once: a queue does not take the same one twice. */
function merged(wanted: readonly Wanted[]): Wanted[] {
  const interests = new Map<number, number>();
  for (const { fd, interest } of wanted) interests.set(fd, (interests.get(fd) ?? 0) | interest);
  return [...interests].map(([fd, interest]) => ({ fd, interest }));
}
