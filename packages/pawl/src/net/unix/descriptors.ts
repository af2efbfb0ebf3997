/** Descriptors in a stream, as leaf futures: they go, and come, with bytes. */
import type { ReadDescriptors, UnixStreamHandle } from '../../driver/unix.ts';
import type { Context } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { spend } from '../../task/budget.ts';
import { Reading } from '../read.ts';
import type { ByteSocket } from '../socket.ts';
import { Writing } from '../write.ts';

export class WriteDescriptors extends Writing<number> {
  private readonly unix: UnixStreamHandle;
  private readonly source: Uint8Array;
  private readonly descriptors: readonly number[];

  constructor(socket: ByteSocket<UnixStreamHandle>, source: Uint8Array, descriptors: readonly number[]) {
    super(socket);
    this.unix = socket.handle;
    this.source = source;
    this.descriptors = descriptors;
  }

  protected override step(cx: Context): Poll<number> {
    return spend(cx) ? this.unix.pollWriteDescriptors(cx, this.source, this.descriptors) : PENDING;
  }
}

export class ReadWithDescriptors extends Reading<ReadDescriptors> {
  private readonly unix: UnixStreamHandle;
  private readonly target: Uint8Array;
  private readonly most: number;

  constructor(socket: ByteSocket<UnixStreamHandle>, target: Uint8Array, most: number) {
    super(socket);
    this.unix = socket.handle;
    this.target = target;
    this.most = most;
  }

  protected override step(cx: Context): Poll<ReadDescriptors> {
    return spend(cx) ? this.unix.pollReadDescriptors(cx, this.target, this.most) : PENDING;
  }
}
