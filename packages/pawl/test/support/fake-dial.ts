/**
 * A network of addresses that a test has made up: each answers, refuses or stays silent, so many milliseconds after the attempt.
 *
 * What must hold: every attempt is recorded with its time, and every handle that was made is closed once, or is the one that was given out.
 */
import assert from 'node:assert/strict';
import { type Context, PawlError, PENDING, type Poll, type Waker } from 'pawl';
import type { NameLookup, NetDriver, SocketAddress, TcpStreamHandle } from '../../src/driver/driver.ts';
import { CallbackTimer } from '../../src/task/callback-timer.ts';
import { FakeConnection } from './fake-net.ts';
import { ManualDriver } from './manual-driver.ts';

/** What an address does, and after how many ms; `Infinity` is a black hole. */
export interface Manner {
  readonly after: number;
  readonly refuses?: boolean;
}

class Dialed extends FakeConnection {
  override readonly peer: SocketAddress;
  private readonly driver: ManualDriver;
  private readonly timer: CallbackTimer;
  private readonly refuses: boolean;
  private caller: Waker | null = null;
  private ripe: boolean;

  constructor(driver: ManualDriver, peer: SocketAddress, { after, refuses = false }: Manner) {
    super(peer.port);
    this.peer = peer;
    this.driver = driver;
    this.refuses = refuses;
    this.ripe = after === 0;
    this.timer = new CallbackTimer(() => {
      this.ripe = true;
      this.caller?.wake();
      this.caller = null;
    });
    if (after > 0 && after !== Infinity) driver.timers.insert(this.timer, driver.now() + after);
  }

  override pollConnect(cx?: Context): undefined {
    if (this.ripe && !this.refuses) return undefined;
    if (this.ripe) throw new PawlError('ECONNREFUSED', 'refused', { syscall: 'connect', address: this.peer.host });
    this.caller = cx!.waker;
    return PENDING as never;
  }

  override forget(): void {
    this.caller = null;
  }

  override close(): void {
    assert.equal(this.closed, false, `the attempt at ${this.peer.host} was closed twice`);
    super.close();
    this.driver.timers.cancel(this.timer);
  }
}

export class FakeDial extends ManualDriver {
  /** `host at ms`, of every attempt. */
  readonly attempts: string[] = [];
  readonly dialed: Dialed[] = [];
  private readonly manners: Readonly<Record<string, Manner>>;

  constructor(manners: Readonly<Record<string, Manner>>) {
    super();
    this.manners = manners;
  }

  /** Those that are open. */
  get open(): TcpStreamHandle[] {
    return this.dialed.filter(({ closed }) => !closed);
  }

  override get net(): NetDriver {
    return {
      tcpListen: () => assert.fail('nobody listens here'),
      udpBind: () => assert.fail('nothing is bound here'),
      tcpConnect: (address) => {
        this.attempts.push(`${address.host} at ${this.time}`);
        const handle = new Dialed(this, address, this.manners[address.host]!);
        this.dialed.push(handle);
        return handle;
      },
      resolve: (): NameLookup => ({
        poll: (): Poll<readonly SocketAddress[]> => Object.keys(this.manners).map((host) => addressOf(host)),
        forget: () => {},
      }),
    };
  }
}

export function addressOf(host: string): SocketAddress {
  return { host, port: 80, family: host.includes(':') ? 6 : 4 };
}
