/**
 * HandedOver: a connection that HTTP has let go of, for the protocol that comes after it.
 *
 * What must hold: bytes that came behind the last HTTP message are given first. From then on it is the connection itself.
 */
import type { Future } from '../../future/future.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import { map } from '../../future/map.ts';
import { ready } from '../../future/ready.ts';
import { checkBytes, type Duplex } from '../../io/stream.ts';
import { Read } from '../../net/read.ts';
import { Socket } from '../../net/socket.ts';
import { Shutdown, Write } from '../../net/write.ts';
import { Flushed } from './flush.ts';
import type { Inbound } from './inbound.ts';
import type { Outbound } from './outbound.ts';

export class HandedOver extends Socket implements Duplex, Disposable {
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;

  constructor(inbound: Inbound, outbound: Outbound) {
    super(inbound.transport);
    this.inbound = inbound;
    this.outbound = outbound;
  }

  read(target: Uint8Array): Future<number> {
    checkBytes(target);
    return this.inbound.length === 0 || target.length === 0
      ? new Read(this, target)
      : map(ready(target), () => this.takeLeft(target));
  }

  private takeLeft(target: Uint8Array): number {
    const { inbound } = this;
    const count = Math.min(inbound.length, target.length);
    target.set(inbound.bytes.subarray(inbound.start, inbound.start + count));
    inbound.consume(count);
    return count;
  }

  write(source: Uint8Array): Future<number> {
    checkBytes(source);
    return this.outbound.empty ? new Write(this, source) : afterFlush(this.outbound, this, source);
  }

  shutdown(): Future<void> {
    return this.outbound.empty ? new Shutdown(this) : shutdownAfterFlush(this.outbound, this);
  }

  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const afterFlush = coroutine(function* write(
  outbound: Outbound,
  socket: HandedOver,
  source: Uint8Array,
): Steps<number> {
  yield* new Flushed(outbound, socket.handle);
  return yield* new Write(socket, source);
});

const shutdownAfterFlush = coroutine(function* shutdown(outbound: Outbound, socket: HandedOver): Steps<void> {
  yield* new Flushed(outbound, socket.handle);
  yield* new Shutdown(socket);
});
