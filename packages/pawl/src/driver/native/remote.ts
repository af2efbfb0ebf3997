/**
 * Wakes this thread's loop from another thread: an eventfd among the reactor's sources.
 *
 * What must hold: its waker stays stored until it is closed, which keeps the process alive unless it is `unref`ed; the flag is cleared after the wait has
 * returned and before `onWake` looks at what the other thread has left, so that no wake-up is lost.
 */
import type { Waker } from '../../future/context.ts';
import { WakerOwner } from '../../sys/queue/waker.ts';
import type { RemoteWaker } from '../driver.ts';
import type { Reactor } from './reactor.ts';
import { Source } from './source.ts';

export class NativeRemoteWaker extends Source implements RemoteWaker, Waker {
  readonly flag: Int32Array<SharedArrayBuffer>;
  readonly #owner: WakerOwner;
  readonly #onWake: () => void;
  #unref = false;

  constructor(reactor: Reactor, onWake: () => void) {
    const owner = new WakerOwner();
    super(reactor, owner.handle.fd, 0);
    this.#owner = owner;
    this.#onWake = onWake;
    this.flag = owner.handle.flag;
    reactor.register(this, false);
    this.storeReader(this);
  }

  get what(): string {
    return 'waker for another thread';
  }

  /** The other thread has written. */
  wake(): void {
    if (this.fd < 0) return;
    this.storeReader(this);
    if (this.#unref) this.unrefRead();
    this.#owner.acknowledge();
    this.#onWake();
  }

  ref(): void {
    this.takeReader();
    if (this.fd >= 0) this.storeReader(this);
    this.#unref = false;
  }

  unref(): void {
    this.#unref = true;
    this.unrefRead();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected override closeDescriptor(): void {
    this.#owner.close();
  }
}
