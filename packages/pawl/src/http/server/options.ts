/**
 * What `serve` takes: where to listen, how to answer, and how much of everything a client may have.
 */
import { PawlError } from '../../error/index.ts';
import type { Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import type { Address } from '../../net/address.ts';
import type { ListenOptions } from '../../net/listener.ts';
import type { TlsListenOptions } from '../../net/tls/listener.ts';
import type { Answer } from './answer.ts';
import type { ServerRequest } from './request.ts';

/** Bytes and counts that a client may send; what exceeds them is refused with the status in brackets, and the connection is closed. */
export interface ServerLimits {
  /** Bytes of a request's target (414). Default 8 KiB. */
  readonly target?: number;
  /** Bytes of a request's head: its first line and its fields (431). Default 16 KiB. */
  readonly head?: number;
  /** Field lines of a head (431). Default 100. */
  readonly fields?: number;
  /** Bytes of a request's content (413). Default 128 MiB; Infinity is allowed, for handlers that stream. */
  readonly body?: number;
  /** Connections at a time; more wait in the system's queue. Default: no limit. */
  readonly connections?: number;
}

/** Milliseconds; Infinity waits for ever. A client that is too slow is told 408 where a request has begun, and the connection is closed. */
export interface ServerTimeouts {
  /** From the first byte of a request's head to its last (from the connection's start, for the first one). Default 30,000. */
  readonly head?: number;
  /** Between two pieces of a request's content, while the handler waits for them. Default 30,000. */
  readonly body?: number;
  /** Of a connection between two requests. Default 5,000, as Node's. */
  readonly idle?: number;
  /** Between two pieces of an answer that the client takes. Default 60,000. */
  readonly send?: number;
  /** From a request's head to the end of its answer: the handler is cancelled, and answers 503 if it has not begun to. Default Infinity. */
  readonly request?: number;
}

/** What is told about an exchange when it is over. */
export interface Exchange {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Bytes of the answer, its head included, that were handed to the connection. */
  readonly bytes: number;
  /** Milliseconds from the request's head to the end of the answer. */
  readonly duration: number;
  /** False when the client went away, or the answer broke off. */
  readonly complete: boolean;
}

/** What may be said of a server, whichever form its handler has. */
export interface ServerOptions extends Pick<
  ListenOptions,
  'backlog' | 'reuseAddr' | 'reusePort' | 'ipv6Only' | 'onBackoff'
> {
  /** A port of `127.0.0.1`; with `host`, of that. Port 0 lets the system choose. Default 0. */
  readonly port?: number;
  /** The host to listen on: `'0.0.0.0'` or `'::'` to be reached from other machines. Default `127.0.0.1`. */
  readonly host?: string;
  /** Speaks https, with this certificate and key. What a client would speak beside HTTP/1.1 is settled: nothing (ALPN). */
  readonly tls?: Omit<TlsListenOptions, 'alpn' | keyof ListenOptions>;
  /**
   * Whether a client that has sent its FIN still gets its answers: with that, TCP cannot tell it from one that has closed its connection, as
   * browsers, curl and most libraries do when they give a request up, until something is written to it. With false, a FIN cancels the
   * handler, as in Node's server. Default true.
   */
  readonly halfClose?: boolean;
  readonly limits?: ServerLimits;
  readonly timeouts?: ServerTimeouts;
  /**
   * Told of what a handler throws, and of answers that cannot be sent; the client gets 500, or a broken connection if the answer had
   * begun. Default: a process warning.
   */
  readonly onError?: (error: unknown, request: ServerRequest | null) => void;
  /** Told of every exchange when it is over: for a log. */
  readonly onExchange?: (exchange: Exchange) => void;
  /**
   * Keeps Node's `AsyncLocalStorage` context of whoever called `serve` in each handler, apart for each request and across its suspensions.
   * Default false; about 100 ns a request.
   */
  readonly asyncContext?: boolean;
}

/** What a direct handler gives: at once, or later. A generator function is a coroutine. */
export type Handled = Answer | Future<Answer> | PromiseLike<Answer> | Steps<Answer>;

/** The settings of a server, complete and checked. */
export interface Settings {
  readonly address: Address;
  readonly halfClose: boolean;
  readonly limits: Required<ServerLimits>;
  readonly timeouts: Required<ServerTimeouts>;
}

const LIMITS: Required<ServerLimits> = {
  target: 8 * 1024,
  head: 16 * 1024,
  fields: 100,
  body: 128 * 1024 * 1024,
  connections: Infinity,
};

const TIMEOUTS: Required<ServerTimeouts> = { head: 30_000, body: 30_000, idle: 5_000, send: 60_000, request: Infinity };

/** Throws BAD_ARGUMENT for what is no number of its kind, and no function where one is wanted. */
export function settingsOf(options: ServerOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new PawlError(
      'BAD_ARGUMENT',
      `serve takes its options: serve({ port, fetch }), got ${options === null ? 'null' : typeof options}`,
    );
  // What other servers call it. Unheard, the server would listen elsewhere than was meant.
  if ('hostname' in options)
    throw new PawlError('BAD_ARGUMENT', 'serve knows no option `hostname`: it is called `host`');
  for (const name of ['onError', 'onExchange'] as const) {
    const hook: unknown = options[name];
    if (hook !== undefined && typeof hook !== 'function')
      throw new PawlError('BAD_ARGUMENT', `${name} must be a function, got ${typeof hook}`);
  }
  const { port = 0, host = '127.0.0.1', halfClose = true } = options;
  return {
    address: { host, port },
    halfClose,
    limits: numbers('limits', LIMITS, options.limits ?? {}),
    timeouts: numbers('timeouts', TIMEOUTS, options.timeouts ?? {}),
  };
}

function numbers<T extends object>(what: string, defaults: T, given: Partial<T>): T {
  const whole: Record<string, number> = {};
  for (const [name, value] of Object.entries({ ...defaults, ...given })) {
    if (value === undefined) whole[name] = defaults[name as keyof T] as number;
    else if (typeof value === 'number' && value > 0) whole[name] = value;
    else
      throw new PawlError(
        'BAD_ARGUMENT',
        `${what}.${name} must be a number above zero, got ${typeof value === 'number' ? value : typeof value}`,
      );
  }
  for (const name of Object.keys(given)) {
    if (!(name in defaults))
      throw new PawlError('BAD_ARGUMENT', `there is no ${what}.${name}: they are ${Object.keys(defaults).join(', ')}`);
  }
  return whole as T;
}
