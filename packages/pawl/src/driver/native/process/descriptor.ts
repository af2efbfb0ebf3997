/**
 * Somebody's descriptor, watched by the reactor.
 *
 * What must hold: the descriptor is its owner's. It is closed here only if it was given away, and watched no longer once the handle is closed; its
 * mode is never changed.
 */
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import { PENDING, type Poll } from '../../../future/poll.ts';
import { adoptPipe, closePipe, isNonBlocking } from '../../../sys/pipe.ts';
import { READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from '../../../sys/queue/readiness.ts';
import type { Direction } from '../../driver.ts';
import type { DescriptorHandle } from '../../process.ts';
import type { Reactor } from '../reactor.ts';
import { Source } from '../source.ts';

export class NativeDescriptor extends Source implements DescriptorHandle {
  readonly what: string;
  readonly #owned: boolean;

  constructor(reactor: Reactor, fd: number, owned: boolean) {
    super(reactor, fd, 0);
    this.what = `descriptor ${fd}`;
    this.#owned = owned;
    isNonBlocking(fd); // EBADF, if it is not open
    try {
      reactor.register(this, true);
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'EPERM') throw error;
      throw new PawlError(
        'EPERM',
        `descriptor ${fd} is a file or directory, which is never ready and never not: use pawl/fs`,
        { cause: error, ...(error.errno === undefined ? {} : { errno: error.errno }), syscall: 'epoll_ctl' },
      );
    }
    if (owned) adoptPipe(fd);
  }

  ready(direction: Direction): number {
    this.#open();
    const read = direction === 'read';
    if ((this.state & (read ? READABLE | READ_CLOSED : WRITABLE | WRITE_CLOSED)) === 0) return -1;
    return read ? this.readGeneration : this.writeGeneration;
  }

  pollReady(cx: Context, direction: Direction): Poll<number> {
    this.checkDriver(cx);
    const generation = this.ready(direction);
    if (generation >= 0) return generation;
    if (direction === 'read') this.storeReader(cx.waker);
    else this.storeWriter(cx.waker);
    return PENDING;
  }

  clear(direction: Direction, generation: number): void {
    if (direction === 'read') this.clearReadable(generation);
    else this.clearWritable(generation);
  }

  forget(direction: Direction): void {
    if (direction === 'read') this.takeReader();
    else this.takeWriter();
  }

  protected override closeDescriptor(fd: number): void {
    if (this.#owned) closePipe(fd);
  }

  #open(): void {
    if (this.fd < 0) throw new PawlError('CLOSED', `${this.what} is not watched any more`);
  }
}
