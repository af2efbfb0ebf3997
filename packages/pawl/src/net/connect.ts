/** Connecting: a numeric address at once, a name by happy eyeballs, within a limit over everything. */
import { isIP } from 'node:net';
import type { TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { coroutine } from '../future/coroutine.ts';
import type { Future } from '../future/future.ts';
import { timeout } from '../time/timeout.ts';
import type { Endpoint } from './address.ts';
import { Attempt } from './attempt.ts';
import { ATTEMPT_DELAY, HappyEyeballs } from './happy-eyeballs.ts';
import { Resolver } from './dns/resolver.ts';
import { lookUp } from './lookup.ts';

/** How a connection is made. */
export interface Dialing {
  /** Milliseconds, over the lookup and every attempt. */
  readonly timeout?: number;
  /** Milliseconds between the beginnings of two attempts. */
  readonly attemptDelay?: number;
  /** Who is asked for a name. */
  readonly resolver?: Resolver;
}

/** Throws BAD_ARGUMENT. */
export function checkDialing({ timeout, attemptDelay, resolver }: Dialing): void {
  if (timeout !== undefined && !(timeout >= 0))
    throw new PawlError('BAD_ARGUMENT', `timeout must be a number of milliseconds, zero or more, got ${timeout}`);
  if (attemptDelay !== undefined && !(typeof attemptDelay === 'number' && attemptDelay >= 10))
    throw new PawlError(
      'BAD_ARGUMENT',
      `attemptDelay must be a number of milliseconds, 10 or more, got ${attemptDelay}`,
    );
  if (resolver !== undefined && !(resolver instanceof Resolver))
    throw new PawlError('BAD_ARGUMENT', 'resolver must be a Resolver');
}

const dialed = coroutine(function* (to: Endpoint, from: Endpoint | undefined, dialing: Dialing) {
  const locals = from === undefined ? undefined : yield* lookUp(from);
  if (locals === undefined && isIP(to.host) !== 0) return yield* new Attempt((yield* lookUp(to))[0]!, undefined);
  const { resolver, attemptDelay = ATTEMPT_DELAY } = dialing;
  return yield* new HappyEyeballs(to, locals, (found) => lookUp(to, resolver, found), attemptDelay);
});

/** A connection to one of the endpoint's addresses, from that of the other's of its family. */
export const connect: (to: Endpoint, from: Endpoint | undefined, dialing: Dialing) => Future<TcpStreamHandle> =
  coroutine(function* (to: Endpoint, from: Endpoint | undefined, dialing: Dialing) {
    const { timeout: limit } = dialing;
    if (limit === undefined) return yield* dialed(to, from, dialing);
    try {
      return yield* timeout(limit, dialed(to, from, dialing));
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
