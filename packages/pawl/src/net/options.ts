/** Options of a connection that are set once it is connected or accepted. */
import type { TcpStreamHandle } from '../driver/driver.ts';

/** How the system probes an idle connection. What is absent is the system's default. */
export interface KeepAlive {
  /** Idle milliseconds before the first probe (the kernel counts whole seconds, rounded up). */
  readonly delay?: number;
  /** Milliseconds between two probes (likewise). */
  readonly interval?: number;
  /** Unanswered probes before the connection fails with ETIMEDOUT. */
  readonly probes?: number;
}

export interface StreamOptions {
  /** Small pieces are sent at once (Nagle's algorithm off). Default false, as in Node. */
  readonly noDelay?: boolean;
  /** Probe the peer when the connection is idle. Default false. */
  readonly keepAlive?: KeepAlive | boolean;
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
