/**
 * Origin: the connections to one origin, and who waits for one.
 *
 * What must hold: never more connections than the limit, those being made included. Who waits is served in the order of coming: a connection
 * that becomes free goes to the first of them, and nobody overtakes. Whoever was given a connection, or the right to make one, gives it
 * back when it does not want it any more. Of idle connections the one used last is used first, so that those not needed grow old.
 */
import { PawlError } from '../../error/index.ts';
import { type Link, WaitList } from '../../future/wait-list.ts';
import type { ClientConnection } from './connection.ts';
import type { Pool } from './pool.ts';
import type { Proxy } from './proxy.ts';

/** Who waits for a connection. */
export interface Waiting extends Link {
  /** The connection is its own now; null: it may make one. */
  give(connection: ClientConnection | null): void;
  fail(error: unknown): void;
}

export class Origin {
  readonly pool: Pool;
  readonly key: string;
  /** Through whom its connections go. */
  readonly proxy: Proxy | null;
  /** Nobody uses it any more: the next request finds another. */
  retired = false;
  private readonly idle: ClientConnection[] = [];
  private readonly connections = new Set<ClientConnection>();
  private readonly makers = new Set<Waiting>();
  private readonly queue = new WaitList<Waiting>();
  /** Connections that are there or are being made. */
  private open = 0;

  constructor(pool: Pool, key: string, proxy: Proxy | null) {
    this.pool = pool;
    this.key = key;
    this.proxy = proxy;
  }

  /** For tests and dumps. */
  get counts(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    return { open: this.open, idle: this.idle.length, waiting: this.queue.size };
  }

  /** An idle connection, whose user has it from now on. */
  take(): ClientConnection | null {
    return this.idle.pop() ?? null;
  }

  /** Whether another connection may be made; then it counts from now on. */
  reserve(): boolean {
    if (this.open >= this.pool.limit) return false;
    this.open++;
    return true;
  }

  /** A reserved connection is being made by that one. */
  making(maker: Waiting): void {
    this.makers.add(maker);
  }

  wait(waiting: Waiting): void {
    this.queue.push(waiting);
  }

  leave(waiting: Waiting): void {
    this.queue.remove(waiting);
    this.retire();
  }

  /** It has been made. */
  made(maker: Waiting, connection: ClientConnection): void {
    this.makers.delete(maker);
    this.connections.add(connection);
  }

  /** It could not be made, or is not wanted. */
  unmade(maker: Waiting): void {
    this.makers.delete(maker);
    this.cede();
  }

  /** A connection that can be used again. */
  release(connection: ClientConnection): void {
    const first = this.queue.shift();
    if (first === null) this.idle.push(connection);
    else first.give(connection);
  }

  /** A connection has been closed. */
  remove(connection: ClientConnection): void {
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (this.connections.delete(connection)) this.cede();
  }

  /** The right to a connection passes to whoever waits. */
  cede(): void {
    const first = this.queue.shift();
    if (first === null) {
      this.open--;
      this.retire();
    } else first.give(null);
  }

  /** Closes everything. */
  close(): void {
    for (let first = this.queue.shift(); first !== null; first = this.queue.shift()) first.fail(closed());
    for (const maker of this.makers) maker.fail(closed());
    for (const connection of this.connections) connection.abandon(closed());
  }

  private retire(): void {
    if (this.open > 0 || this.queue.size > 0) return;
    this.retired = true;
    this.pool.forget(this);
  }
}

export function closed(): PawlError {
  return new PawlError('CLOSED', 'the HTTP client has been closed');
}
