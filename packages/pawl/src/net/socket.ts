/**
 * Socket: a connection's transport, and which of its directions are in use.
 *
 * What must hold: one operation at a time uses a direction, from its first PENDING to its end. A second one fails with BUSY at its first
 * poll and the first goes on unharmed: two readers would each get some of the bytes.
 *
 * Two flags, and a state in each operation, instead of references to the operations: an old object that comes to point at a new one costs
 * the garbage collector an entry each time.
 */
import type { Direction } from '../driver/driver.ts';
import { PawlError } from '../error/index.ts';
import { formatAddress } from './address.ts';
import type { ByteTransport, Transport } from './transport.ts';

/** What is read from: a connection, or one end of a pipe. */
export interface ReadingSide {
  readonly handle: Pick<ByteTransport, 'pollRead'> & { forget(direction: 'read'): void };
  reading: boolean;
  readonly peerName: string;
  readonly resource?: Resource;
}

/** What is written to. */
export interface WritingSide {
  readonly handle: Pick<ByteTransport, 'pollWrite' | 'pollWriteVectored'> & {
    forget(direction: 'write'): void;
    shutdown(how: 'write'): void;
  };
  writing: boolean;
  readonly peerName: string;
  readonly resource?: Resource;
}

/** What an error calls it. */
export type Resource = 'connection' | 'socket' | 'pipe' | 'descriptor';

/** Over whatever kind of connection. */
export abstract class ByteSocket<H extends ByteTransport = ByteTransport> {
  /** @internal */
  declare readonly handle: H;
  /** @internal An operation waits in that direction. */
  declare reading: boolean;
  /** @internal */
  declare writing: boolean;

  /** @internal */
  constructor(handle: H) {
    this.handle = handle;
    this.reading = false;
    this.writing = false;
  }

  /** @internal The other end, for dumps. */
  abstract get peerName(): string;
}

/** Over a connection of the internet. */
export abstract class Socket extends ByteSocket<Transport> {
  /** @internal */
  get peerName(): string {
    return formatAddress(this.handle.peer);
  }
}

/** How an operation stands. */
export const NEW = 0;
/** It has said PENDING: its direction is its own. */
export const WAITING = 1;
export const DONE = 2;

/** What a second operation in the same direction throws. */
export function busy(direction: Direction, resource: Resource = 'connection'): PawlError {
  const what = direction === 'read' ? 'reads from' : 'writes to';
  return new PawlError('BUSY', `another task ${what} this ${resource}: one at a time may use a direction`);
}
