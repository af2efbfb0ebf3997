/**
 * Server: listens, gives each connection a task, and closes without losing a request.
 *
 * What must hold: no connection's failure ends another one or the server. Closing stops accepting first, then waits for what is under way,
 * and cancels only what the deadline finds. When the server's task has ended, every connection and every handler has.
 */
import type { Driver, SocketAddress } from '../../driver/driver.ts';
import { PawlError } from '../../error/index.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import type { Transport } from '../../net/transport.ts';
import { Notify } from '../../sync/notify.ts';
import type { Scope } from '../../task/scope.ts';
import { supervise } from '../../task/scopes.ts';
import type { JoinHandle } from '../../task/join-handle.ts';
import type { Task } from '../../task/task.ts';
import { timeout } from '../../time/timeout.ts';
import { RequestParser } from '../wire/request-parser.ts';
import { ServerConnection } from './connection.ts';
import { DateLines } from './date.ts';
import type { Exchange as ExchangeBody } from './exchange.ts';
import { HandlerContext } from './handler-context.ts';
import type { Exchange, Handled, ServerOptions, Settings } from './options.ts';
import type { ServerRequest } from './request.ts';

/** @internal What a server accepts from: TCP, or TLS over it. */
export interface Listener extends Disposable {
  readonly localAddress: SocketAddress;
  accept(): Future<{ readonly handle: Transport }>;
  close(): void;
}

/** How a server closes. */
export interface CloseOptions {
  /** Milliseconds for what is under way; then it is cancelled. Default 10,000. */
  readonly deadline?: number;
}

/** A server that runs. Made by {@link serve}. It is the `ServerCore` of its connections, which is nobody else's business. */
export class Server implements AsyncDisposable {
  /** @internal */
  readonly settings: Settings;
  /** @internal */
  readonly handler: (request: ServerRequest) => Handled;
  /** @internal */
  readonly direct: boolean;
  /** @internal */
  readonly secure: boolean;
  /** @internal */
  readonly onExchange: ((exchange: Exchange) => void) | null;
  /** @internal */
  readonly handlerContext: HandlerContext = new HandlerContext();
  private readonly onError: ((error: unknown, request: ServerRequest | null) => void) | undefined;
  /** @internal */
  closing = false;
  /** @internal */
  parser: RequestParser;
  private readonly driver: Driver;
  private readonly listener: Listener;
  private readonly dateLines = new DateLines();
  private readonly connections = new Set<ServerConnection>();
  private readonly room = new Notify();
  /** @internal Set by `serve`, which spawns it. */
  task: JoinHandle<void> | null = null;
  private scope: Scope | null = null;

  /** @internal */
  constructor(
    listener: Listener,
    driver: Driver,
    settings: Settings,
    handler: (request: ServerRequest) => Handled,
    direct: boolean,
    options: ServerOptions,
  ) {
    this.listener = listener;
    this.secure = options.tls !== undefined;
    this.driver = driver;
    this.settings = settings;
    this.handler = handler;
    this.direct = direct;
    this.onExchange = options.onExchange === undefined ? null : guarded(options.onExchange, this);
    this.onError = options.onError;
    this.parser = new RequestParser(settings.limits);
  }

  /** Where it listens. */
  get address(): SocketAddress {
    return this.listener.localAddress;
  }

  /** Which port it has, also when the system chose. */
  get port(): number {
    return this.address.port;
  }

  /** `http://host:port`, without a slash at the end. */
  get url(): string {
    const { host, family, port } = this.address;
    return `http${this.secure ? 's' : ''}://${family === 6 ? `[${host}]` : host}:${port}`;
  }

  /** Connections that are open, idle ones included. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** Waits until the server has closed. Cancelling it is *safe*: the server goes on. Errors: what the listener failed with. */
  get closed(): Future<void> {
    return ended(this.task as JoinHandle<void>);
  }

  /**
   * Stops accepting, closes the connections that are idle, lets the requests that are under way be answered, and is done when the last
   * connection has ended. What is left at the deadline is cancelled, with its cleanup.
   *
   * Cancelling it is *safe*: the server goes on closing, without a deadline. Errors: BAD_ARGUMENT for a bad deadline.
   *
   * @example
   * ```ts
   * import { run } from 'pawl';
   * import { serve } from 'pawl/http';
   * await run(function* () {
   *   const server = yield* serve({ handler: () => 'hello' });
   *   yield* server.close({ deadline: 1000 });
   *   console.log(server.connectionCount); // 0
   * });
   * ```
   */
  close({ deadline = 10_000 }: CloseOptions = {}): Future<void> {
    if (typeof deadline !== 'number' || !(deadline >= 0)) {
      throw new PawlError('BAD_ARGUMENT', `deadline must be a number of milliseconds, zero or more, got ${deadline}`);
    }
    return closing(this, deadline);
  }

  /** Closes with the usual deadline, at the end of an `await using` block of ordinary async code. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal The server's task. */
  *main(): Steps<void> {
    using _listener = this.listener;
    const accept = this.accept.bind(this);
    try {
      // A connection does not fail, and what an exchange fails with its connection tells.
      yield* supervise((scope) => accept(scope), { onFailure: () => {} });
    } finally {
      // Those whose tasks were aborted before their first poll: nobody has closed them.
      for (const connection of this.connections) connection.drop();
    }
  }

  private *accept(scope: Scope): Steps<void> {
    const { listener } = this;
    const { connections: limit } = this.settings.limits;
    this.scope = scope;
    for (;;) {
      while (this.connections.size >= limit && !this.closing) yield* this.room.notified();
      if (this.closing) return;
      let stream: { readonly handle: Transport };
      try {
        stream = yield* listener.accept();
      } catch (error) {
        if (this.closing) return;
        throw error;
      }
      const connection = new ServerConnection(this, stream.handle);
      // Counted from now on, not from its first poll: the next one may be accepted before.
      this.connections.add(connection);
      scope.spawn(connection);
    }
  }

  /** @internal */
  beginClosing(): void {
    if (this.closing) return;
    this.closing = true;
    this.listener.close();
    this.room.notifyOne();
    for (const connection of this.connections) connection.nudge();
  }

  // ---- for the connections

  /** @internal */
  lendParser(): RequestParser {
    const lent = this.parser;
    this.parser = new RequestParser(this.settings.limits);
    return lent;
  }

  /** @internal */
  get dates(): DateLines {
    return this.dateLines.at(this.driver.now());
  }

  /** @internal */
  now(): number {
    return this.driver.now();
  }

  /** @internal */
  spawn(exchange: ExchangeBody): Task<void> {
    return (this.scope as Scope).spawn(exchange) as Task<void>;
  }

  /** @internal Detached, and begun at once: it must also run when the server, or all of the program, is being stopped. */
  readonly letGo = (future: Future<unknown>): void => {
    const { runtime } = this.scope as Scope;
    const task = runtime.spawn(future) as Task<unknown>;
    runtime.enter(task);
    const ignore = (): void => {};
    task.then(ignore, ignore);
  };

  /** @internal */
  tell(error: unknown, request: ServerRequest | null): void {
    const { onError } = this;
    try {
      if (onError !== undefined) onError(error, request);
      else warn(error, request);
    } catch (thrown) {
      warn(thrown, request);
    }
  }

  /** @internal */
  leave(connection: ServerConnection): void {
    this.connections.delete(connection);
    this.room.notifyOne();
  }
}

/** What the hook throws ends no connection. */
function guarded(onExchange: (exchange: Exchange) => void, server: Server): (exchange: Exchange) => void {
  return (exchange) => {
    try {
      onExchange(exchange);
    } catch (error) {
      server.tell(error, null);
    }
  };
}

/** With the error's stack, which Node prints as the detail: without it nobody could tell where a handler has failed. */
function warn(error: unknown, request: ServerRequest | null): void {
  const what = request === null ? 'a connection' : `${request.method} ${request.target}`;
  process.emitWarning(`${what} failed: ${error instanceof Error ? error.message : String(error)}`, {
    type: 'PawlWarning',
    ...(error instanceof Error && error.stack !== undefined ? { detail: error.stack } : {}),
  });
}

const ended = coroutine(function* closed(task: JoinHandle<void>): Steps<void> {
  try {
    yield* task;
  } catch (error) {
    if (!(error instanceof PawlError && error.code === 'CANCELLED')) throw error;
  }
});

const closing = coroutine(function* close(server: Server, deadline: number): Steps<void> {
  server.beginClosing();
  try {
    yield* timeout(deadline, server.closed);
  } catch (error) {
    if (!(error instanceof PawlError && error.code === 'TIMEOUT')) throw error;
    server.task?.abort(`the server was closed, and ${deadline} ms have passed`);
    yield* server.closed;
  }
});
