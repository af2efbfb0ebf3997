/**
 * SimLookup: names to addresses. Every machine knows every machine's name, however the network is cut: it is as if each had them in a file
 * of its own; but it takes a moment, as a resolver does.
 *
 * What must hold: a numeric host needs no wait. Cancelling is *safe*.
 */
import { isIP } from 'node:net';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import type { NameLookup, SocketAddress } from '../driver.ts';
import { LOOKUP } from './kinds.ts';
import type { SimMachine } from './machine.ts';

/** Libuv's number for it, as Node's errors have it. */
const ENOTFOUND = -3008;

export class SimLookup implements NameLookup {
  private readonly machine: SimMachine;
  private readonly host: string;
  private started = false;
  private ended = false;
  private waker: Waker | null = null;

  constructor(machine: SimMachine, host: string) {
    this.machine = machine;
    this.host = host;
  }

  poll(cx: Context): Poll<readonly SocketAddress[]> {
    const { host } = this;
    const family = isIP(host);
    if (family !== 0) return [{ host, port: 0, family: family as 4 | 6 }];
    if (!this.started) this.start();
    if (this.ended) return this.answer();
    const old = this.waker;
    this.waker = cx.waker;
    if (old !== null && old !== cx.waker) old.wake();
    return PENDING;
  }

  forget(): void {
    this.waker = null;
  }

  private start(): void {
    const { world } = this.machine;
    this.started = true;
    world.after(0.1 + world.pick(20, world.freedoms.latency, LOOKUP), () => {
      this.ended = true;
      const { waker } = this;
      this.waker = null;
      waker?.wake();
    });
  }

  private answer(): readonly SocketAddress[] {
    const { host, machine } = this;
    if (host === 'localhost') return both('127.0.0.1', '::1');
    const found = machine.world.network.named(host);
    if (found !== undefined) return both(found.addresses.ipv4, found.addresses.ipv6);
    throw new PawlError(
      'ENOTFOUND',
      `getaddrinfo ENOTFOUND ${host}: there is no host of that name in the simulated world`,
      {
        errno: ENOTFOUND,
        syscall: 'getaddrinfo',
        address: host,
        hostname: host,
      },
    );
  }
}

function both(ipv4: string, ipv6: string): SocketAddress[] {
  return [
    { host: ipv4, port: 0, family: 4 },
    { host: ipv6, port: 0, family: 6 },
  ];
}
