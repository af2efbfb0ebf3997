/**
 * Name lookup through Node's resolver (getaddrinfo on libuv's threads).
 *
 * What must hold: a numeric host needs neither Node nor a wait; any other, also `localhost`, cannot be looked up while Node's loop does not
 * run. Cancelling is *safe*: Node cannot stop a lookup, so its answer is dropped when it comes.
 */
import { isIP } from 'node:net';
import { PawlError } from '../../error/index.ts';
import type { Context, Waker } from '../../future/context.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { parseAddress } from '../../sys/address.ts';
import type { NameLookup, SocketAddress } from '../driver.ts';
import { lookup } from './platform.ts';

type Answer = readonly SocketAddress[] | PawlError;

export class NodeLookup implements NameLookup {
  readonly #host: string;
  readonly #isBlocking: () => boolean;
  #started = false;
  #answer: Answer | null = null;
  #waker: Waker | null = null;

  constructor(host: string, isBlocking: () => boolean) {
    this.#host = host;
    this.#isBlocking = isBlocking;
  }

  poll(cx: Context): Poll<readonly SocketAddress[]> {
    if (this.#answer === null && !this.#started) this.#start();
    const answer = this.#answer;
    if (answer instanceof PawlError) throw answer;
    if (answer !== null) return answer;
    if (this.#isBlocking()) throw this.#blocked();
    const old = this.#waker;
    this.#waker = cx.waker;
    if (old !== null && old !== cx.waker) old.wake();
    return PENDING;
  }

  forget(): void {
    this.#waker = null;
  }

  #start(): void {
    if (isIP(this.#host) !== 0) {
      this.#answer = [parseAddress(this.#host, 0)];
      return;
    }
    if (this.#isBlocking()) throw this.#blocked();
    this.#started = true;
    lookup(this.#host, { all: true }, (error, found) => {
      this.#answer = error === null ? found.map(({ address }) => parseAddress(address, 0)) : failed(this.#host, error);
      const waker = this.#waker;
      this.#waker = null;
      waker?.wake();
    });
  }

  #blocked(): PawlError {
    return new PawlError(
      'BLOCKING_NODE',
      `looking up ${this.#host} needs Node's event loop, which blockOn keeps from running: use a numeric address, or PAWL_NAMES=own (see pawl doctor)`,
      { address: this.#host },
    );
  }
}

function failed(host: string, error: NodeJS.ErrnoException): PawlError {
  const { code = 'ENOTFOUND', errno } = error;
  return new PawlError(code, `getaddrinfo ${code} ${host}`, {
    cause: error,
    syscall: 'getaddrinfo',
    address: host,
    hostname: host,
    ...(errno === undefined ? {} : { errno }),
  });
}
