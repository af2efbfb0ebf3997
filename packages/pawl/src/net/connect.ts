/**
 * Connecting: a name to its addresses, and the addresses one after another until one answers.
 *
 * What must hold: an attempt that fails, times out or is cancelled has closed its socket.
 */
import { driverOf, type SocketAddress, type TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Context } from '../future/context.ts';
import { coroutine } from '../future/coroutine.ts';
import { alreadyCompleted, Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { type WaitInfo, waitInfo } from '../future/wait-info.ts';
import { spend } from '../task/budget.ts';
import { timeout } from '../time/timeout.ts';
import { type Endpoint, formatAddress } from './address.ts';
import { Resolve } from './resolve.ts';

/** One attempt at one address. */
class Attempt extends Future<TcpStreamHandle> {
  private readonly address: SocketAddress;
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

const attempts = coroutine(function* (to: Endpoint, from: Endpoint | undefined) {
  const addresses = yield* new Resolve(to);
  const locals = from === undefined ? undefined : yield* new Resolve(from);
  const failures: unknown[] = [];
  for (const address of addresses) {
    const local = locals?.find(({ family }) => family === address.family);
    if (locals !== undefined && local === undefined) {
      failures.push(
        new PawlError('BAD_ADDRESS', `the local address is not IPv${address.family}, as ${address.host} is`, {
          address: address.host,
        }),
      );
      continue;
    }
    try {
      return yield* new Attempt(address, local);
    } catch (error) {
      failures.push(error);
    }
  }
  throw failed(to, failures);
});

/** The one failure, or the last of several with all of them as its cause. */
function failed({ host, port }: Endpoint, failures: readonly unknown[]): unknown {
  const last = failures.at(-1);
  if (failures.length <= 1 || !(last instanceof PawlError)) return last;
  const { code, errno, syscall, address } = last;
  return new PawlError(code, `none of the ${failures.length} addresses of ${host} answered: ${last.message}`, {
    cause: new AggregateError(failures, `every attempt to connect to ${host}:${port} failed`),
    ...(errno === undefined ? {} : { errno }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(address === undefined ? {} : { address }),
    port,
  });
}

/** A connection to the first of the endpoint's addresses that answers. `limit` in ms, over everything: lookup and attempts. */
export const connect: (to: Endpoint, from: Endpoint | undefined, limit: number | undefined) => Future<TcpStreamHandle> =
  coroutine(function* (to: Endpoint, from: Endpoint | undefined, limit: number | undefined) {
    if (limit === undefined) return yield* attempts(to, from);
    try {
      return yield* timeout(limit, attempts(to, from));
    } catch (error) {
      if (!(error instanceof PawlError) || error.code !== 'TIMEOUT') throw error;
      throw new PawlError('TIMEOUT', `connecting to ${to.host}:${to.port} took more than ${limit} ms`, {
        cause: error,
        syscall: 'connect',
        address: to.host,
        port: to.port,
      });
    }
  });
