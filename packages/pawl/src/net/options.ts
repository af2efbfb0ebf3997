/** Options of a connection that are set once it is connected or accepted. */
import type { TcpListenOptions, TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';

/** How the system probes an idle connection. What is absent is the system's default. */
export interface KeepAlive {
  /** Idle milliseconds before the first probe (the kernel counts whole seconds, rounded up). */
  readonly delay?: number;
  /** Milliseconds between two probes (likewise). */
  readonly interval?: number;
  /** Unanswered probes, from 1 to 127, before the connection fails with ETIMEDOUT. */
  readonly probes?: number;
}

/** Options of a connection, whichever end opened it. */
export interface StreamOptions {
  /** Small pieces are sent at once (Nagle's algorithm off). Default false, as in Node. */
  readonly noDelay?: boolean;
  /** Probe the peer when the connection is idle. Default false. */
  readonly keepAlive?: KeepAlive | boolean;
}

/** The kernel's own limit (MAX_TCP_KEEPCNT in net/tcp.h). */
const MOST_PROBES = 127;
/** A C int's. */
export const MOST = 0x7fffffff;

/** Throws BAD_ARGUMENT. What the system would take for something else (NaN for 0) is refused before there is a socket. */
export function checkOptions({ keepAlive, backlog }: StreamOptions & TcpListenOptions): void {
  if (backlog !== undefined) checkWhole('backlog', backlog, 0, MOST);
  if (typeof keepAlive !== 'object') return;
  const { delay, interval, probes } = keepAlive;
  if (delay !== undefined) checkTime('keepAlive.delay', delay);
  if (interval !== undefined) checkTime('keepAlive.interval', interval);
  if (probes !== undefined) checkWhole('keepAlive.probes', probes, 1, MOST_PROBES);
}

function checkTime(name: string, ms: unknown): void {
  if (typeof ms === 'number' && ms >= 0) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a number of milliseconds, zero or more, got ${String(ms)}`);
}

/** Throws BAD_ARGUMENT. */
export function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a whole number from ${least} to ${most}, got ${String(value)}`);
}

/** Throws BAD_ARGUMENT: `'false'` would be taken for true. */
export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be true or false, got ${typeof value}`);
}

/** Throws BAD_ARGUMENT: NaN would be taken for 0, which makes every close a reset. */
export function checkLinger(seconds: number | undefined): void {
  if (seconds !== undefined) checkWhole('linger', seconds, 0, MOST);
}

export function setKeepAlive(handle: TcpStreamHandle, keepAlive: KeepAlive | boolean): void {
  if (typeof keepAlive === 'boolean') handle.setKeepAlive(keepAlive);
  else handle.setKeepAlive(true, keepAlive.delay, keepAlive.interval, keepAlive.probes);
}

/** Closes the handle when an option is refused. */
export function applyOptions(handle: TcpStreamHandle, options: StreamOptions): void {
  try {
    if (options.noDelay === true) handle.setNoDelay(true);
    if (options.keepAlive !== undefined && options.keepAlive !== false) setKeepAlive(handle, options.keepAlive);
  } catch (error) {
    handle.close();
    throw error;
  }
}
