/**
 * Attempt: one try to connect to one address.
 *
 * What must hold: one that fails, times out or is cancelled has closed its socket.
 */
import { driverOf, type SocketAddress, type TcpStreamHandle } from '../driver/driver.ts';
import type { Context } from '../future/context.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { formatAddress } from './address.ts';

export class Attempt extends Future<TcpStreamHandle> {
  readonly address: SocketAddress;
  private readonly local: SocketAddress | undefined;
  private handle: TcpStreamHandle | null = null;
  private done = false;

  constructor(address: SocketAddress, local: SocketAddress | undefined) {
    super();
    this.address = address;
    this.local = local;
  }

  override poll(cx: Context): Poll<TcpStreamHandle> {
    if (this.done) throw alreadyCompleted('a connect');
    // Some failures come within the call (ENETUNREACH, EADDRNOTAVAIL): without a budget a loop of retries would let nobody else run.
    if (this.handle === null && !spend(cx)) return PENDING;
    try {
      const { local } = this;
      this.handle ??= driverOf(cx).net.tcpConnect(this.address, local === undefined ? {} : { local });
      if (this.handle.pollConnect(cx) === PENDING) return PENDING;
    } catch (error) {
      this.close();
      throw error;
    }
    this.done = true;
    return this.handle;
  }

  /** @internal */
  [waitInfo](): WaitInfo {
    return { what: `connect to ${formatAddress(this.address)}` };
  }

  override cancel(_cx: Context): Poll<void> {
    if (!this.done) this.close();
    return undefined;
  }

  private close(): void {
    this.done = true;
    // The waker first: closing wakes whoever waits, and this is no longer anybody.
    this.handle?.forget('write');
    this.handle?.close();
  }
}
