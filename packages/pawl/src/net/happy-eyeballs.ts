/**
 * HappyEyeballs: a connection to whichever address of a name answers first (RFC 8305).
 *
 * What must hold:
 * - Attempts begin one after another, the families in turn, beginning with that of the first address: the next one when `delay` has passed
 *   since the last began, or at once when no other is under way or one has failed.
 * - A lookup that tells of addresses bit by bit is not waited for: an IPv6 address is tried at once, an IPv4 one when the others have had
 *   `RESOLUTION_DELAY` to come.
 * - Whoever loses is cancelled, its socket closed, before the winner is given; and a winner that nobody takes is closed.
 */
import { driverOf, type SocketAddress, type TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { Branch } from '../future/branch.ts';
import { Combinator } from '../future/combinator.ts';
import type { Context } from '../future/context.ts';
import type { Future } from '../future/future.ts';
import { PENDING, type Poll } from '../future/poll.ts';
import { CallbackTimer } from '../task/callback-timer.ts';
import { type Endpoint, formatAddress } from './address.ts';
import { Attempt } from './attempt.ts';

/** Milliseconds between the beginnings of two attempts (section 5: 250 are recommended, 100 to 2000 allowed, never less than 10). */
export const ATTEMPT_DELAY = 250;

/** Milliseconds that IPv4 waits for IPv6 addresses (section 3). */
export const RESOLUTION_DELAY = 50;

/** The addresses of a name. Those that it knows before it knows them all it may tell `found`, once each. */
export type Addresses = (found: (some: readonly SocketAddress[]) => void) => Future<readonly SocketAddress[]>;

/** Which slot of the combinator the lookup has; the attempts follow. */
const LOOKUP = 0;

export class HappyEyeballs extends Combinator<TcpStreamHandle> {
  private readonly to: Endpoint;
  private readonly locals: readonly SocketAddress[] | undefined;
  private readonly addresses: Addresses;
  private readonly delay: number;
  /** Found and not tried yet. */
  private readonly waiting: SocketAddress[] = [];
  /** As text, all that were found. */
  private readonly known = new Set<string>();
  private readonly tried: SocketAddress[] = [];
  private readonly failures: unknown[] = [];
  private running = 0;
  private asked = false;
  private lookedUp = false;
  private winner: TcpStreamHandle | null = null;
  /** Armed while the next attempt has to wait. */
  private readonly timer: CallbackTimer = new CallbackTimer(() => {
    this.pausing = false;
    this.cx.waker.wake();
  });
  private pausing = false;
  /** IPv4 has waited for IPv6. */
  private resolved = false;

  constructor(to: Endpoint, locals: readonly SocketAddress[] | undefined, addresses: Addresses, delay: number) {
    super([], true);
    this.to = to;
    this.locals = locals;
    this.addresses = addresses;
    this.delay = delay;
  }

  protected override get title(): string {
    return `connect to ${this.to.host}:${this.to.port}`;
  }

  protected override branchName(index: number): string {
    return index === LOOKUP ? 'lookup' : formatAddress(this.tried[index - 1]!);
  }

  protected override onValue(index: number, value: unknown): void {
    if (index === LOOKUP) {
      this.lookedUp = true;
      if (this.tried.length === 0) {
        // Now all of them are there, and in their order.
        this.waiting.length = 0;
        this.known.clear();
        this.proceed();
      }
      this.add(value as readonly SocketAddress[]);
      return;
    }
    this.winner = value as TcpStreamHandle;
    this.resolve(this.winner);
  }

  protected override onError(index: number, error: unknown): void {
    this.failures.push(error);
    if (index === LOOKUP) this.lookedUp = true;
    else this.running--;
    this.proceed();
  }

  protected override refill(): void {
    if (!this.asked) {
      this.asked = true;
      this.launch(
        new Branch(
          this,
          LOOKUP,
          this.addresses((some) => this.add(some)),
        ),
      );
    }
    while (!this.decided && !this.pausing) {
      const address = this.choose();
      if (address === undefined) {
        if (this.lookedUp && this.running === 0) this.reject(failed(this.to, this.failures));
        return;
      }
      if (!this.resolved && address.family === 4 && !this.lookedUp) {
        this.resolved = true;
        this.pause(RESOLUTION_DELAY);
        return;
      }
      this.resolved = true;
      this.begin(address);
    }
  }

  /** The next one to try: of the other family than the last, if there is one. */
  private choose(): SocketAddress | undefined {
    const last = this.tried.at(-1);
    // Until the first attempt IPv6 goes first, if it has come only by now.
    const other = this.waiting.find(({ family }) =>
      last === undefined ? !this.lookedUp && family === 6 : family !== last.family,
    );
    return other ?? this.waiting[0];
  }

  private begin(address: SocketAddress): void {
    this.waiting.splice(this.waiting.indexOf(address), 1);
    const local = this.locals?.find(({ family }) => family === address.family);
    if (this.locals !== undefined && local === undefined) {
      const why = `the local address is not IPv${address.family}, as ${address.host} is`;
      this.failures.push(new PawlError('BAD_ADDRESS', why, { address: address.host }));
      return;
    }
    this.running++;
    const index = this.tried.push(address);
    // Before it begins, since it may fail at once. A numeric address has no next one, and needs no timer.
    if (this.waiting.length > 0 || !this.lookedUp) this.pause(this.delay);
    this.launch(new Branch(this, index, new Attempt(address, local)));
  }

  private add(some: readonly SocketAddress[]): void {
    for (const address of some) {
      const text = formatAddress(address);
      if (this.known.has(text)) continue;
      this.known.add(text);
      this.waiting.push(address);
      // What IPv4 waits for has come.
      if (this.tried.length === 0 && address.family === 6) this.proceed();
    }
  }

  private pause(ms: number): void {
    const driver = driverOf(this.cx);
    this.pausing = true;
    driver.timers.insert(this.timer, driver.refresh() + ms);
  }

  /** Whatever the next attempt waits for, it waits no longer. */
  private proceed(): void {
    if (!this.pausing) return;
    this.pausing = false;
    driverOf(this.cx).timers.cancel(this.timer);
  }

  protected override onEnd(): void {
    this.proceed();
  }

  override poll(cx: Context): Poll<TcpStreamHandle> {
    let outcome: Poll<TcpStreamHandle>;
    try {
      outcome = super.poll(cx);
    } catch (error) {
      this.winner?.close();
      throw error;
    }
    if (outcome !== PENDING) this.winner = null;
    return outcome;
  }

  override cancel(cx: Context): Poll<void> {
    this.winner?.close();
    this.winner = null;
    return super.cancel(cx);
  }
}

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
