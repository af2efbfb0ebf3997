/**
 * Socket: a connection's handle, and who is using each of its directions.
 *
 * What must hold: one operation at a time uses a direction. A second one fails with BUSY at its first poll and the first goes on unharmed:
 * two readers would each get some of the bytes.
 */
import type { Direction, TcpStreamHandle } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import type { Future } from '../future/future.ts';

export abstract class Socket {
  /** @internal */
  readonly handle: TcpStreamHandle;
  /** @internal The pending operation of that direction. */
  reader: Future<unknown> | null = null;
  /** @internal */
  writer: Future<unknown> | null = null;

  constructor(handle: TcpStreamHandle) {
    this.handle = handle;
  }
}

/** What a second operation in the same direction throws. */
export function busy(direction: Direction): PawlError {
  const what = direction === 'read' ? 'reads from' : 'writes to';
  return new PawlError('BUSY', `another task ${what} this connection: one at a time may use a direction`);
}
