/**
 * PawlError: every failure that the library itself raises, with a stable `code` to switch on.
 *
 * What must hold: the code never changes its meaning between versions; a system error's code is the errno's own name
 * (`ECONNRESET`), with `errno`, `syscall` and the address or path beside it, as Node's errors have them.
 */

/** The codes of the library's own errors. System errors carry the errno's name instead (`EADDRINUSE`, …). */
export type PawlCode =
  | 'ALREADY_COMPLETED' // a future was polled after it had completed
  | 'FUTURE_CONSUMED' // a future was polled after `then` had moved it into a task
  | 'CANCELLED' // an aborted task was awaited
  | 'CLEANUP_TIMEOUT' // a cleanup ran past its deadline
  | 'CLEANUP_ABANDONED' // an operation did not let go within the deadline and was left behind
  | 'TIMEOUT' // `timeout` or a connect timeout ran out
  | 'DEADLOCK' // nothing can ever wake the tasks that are left
  | 'BLOCKING_NODE' // a future inside `blockOn` waits for Node's event loop, which cannot run
  | 'NESTED_BLOCK_ON' // `blockOn` was called during a poll
  | 'NO_RUNTIME' // `spawn` or a context was needed outside a poll
  | 'WRONG_RUNTIME' // a handle was polled under another driver than its own
  | 'RUNTIME_CLOSED' // spawn on a runtime that has ended
  | 'SCOPE_CLOSED' // spawn into a scope that has ended
  | 'NOT_A_FUTURE' // something else than a future was awaited, spawned or returned
  | 'NOT_COMPILED' // coroutine(async …) ran without corofy
  | 'NOT_IN_COROUTINE' // a future was iterated outside a coroutine
  | 'LEAK' // a test has left something behind that it has opened
  | 'CANCEL_UNSAFE' // a program did not stand being cancelled at one of its suspensions
  | 'BUSY' // two use at once what only one can: the same direction of a resource, the platform of a thread
  | 'CLOSED' // a resource was used after it was closed
  | 'UNEXPECTED_EOF' // the stream ended before the requested bytes had come
  | 'LIMIT_EXCEEDED' // more came than the caller allowed: a line or a frame is longer, or nobody took so many events
  | 'BODY_USED' // the body of a message was read a second time
  | 'BAD_ARGUMENT' // an argument is outside its range
  | 'BAD_ADDRESS' // not an address, or a host name where only numeric ones can be used
  | 'BAD_PORT' // not a port
  | 'BAD_URL' // not a URL that can be requested
  | 'BAD_CONTENT' // the content of a message is not what its Content-Encoding says
  | 'BODY_NOT_REPLAYABLE' // a redirect wants content again that could be sent once
  | 'REDIRECT_REFUSED' // a redirect came where none was wanted
  | 'TOO_MANY_REDIRECTS' // a redirect too many came
  | 'PROXY_REFUSED' // a proxy does not make the tunnel that it was asked for
  | 'NULL_POINTER' // a pointer is null where C needs one
  | 'LIBRARY_NOT_FOUND' // a shared library is not installed
  | 'FUNCTION_NOT_FOUND' // a shared library has no such function
  | 'WOULD_BLOCK' // a callback wants to wait in a call that cannot
  | 'THREAD_ENDED' // another thread died before it had answered
  | 'NO_EXPORT' // a module has no such function
  | 'NO_MODULE' // a module cannot be loaded on another thread
  | 'NOT_CLONEABLE' // a value cannot be sent to another thread
  | 'NOT_SELF_CONTAINED' // a function that was sent to another thread uses a variable from around it
  | 'UNSUPPORTED_PLATFORM' // this system or this Node has no driver
  | 'FFI_DENIED' // the permission model forbids FFI, the network or child processes
  | 'SIM_FAILED' // a simulated world has failed: its cause says why
  | 'SIM_INVARIANT' // what was to hold in a simulated world does not
  | 'SIM_LIMIT' // a simulated world has not ended within its limits
  | 'SIM_NONDETERMINISTIC' // a simulated world, made again from its seed, went another way
  | 'SIM_REAL_WORLD'; // what runs in a simulated world needs the real one

/** What a {@link PawlError} carries besides its code and message. */
export interface PawlErrorOptions {
  readonly cause?: unknown;
  /** Negative errno, as Node's system errors have it. */
  readonly errno?: number;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  /** The name that was looked up. */
  readonly hostname?: string;
  readonly path?: string;
  /** The second path, of what has two. */
  readonly dest?: string;
}

/**
 * An error of the library or of the operating system, with a stable `code`.
 *
 * @example
 * ```ts
 * import { PawlError } from 'pawl';
 * const error = new PawlError('BAD_PORT', 'port must be an integer from 0 to 65535, got 70000');
 * console.log(error.code); // BAD_PORT
 * ```
 */
export class PawlError extends Error {
  readonly code: PawlCode | (string & {});
  declare readonly errno?: number;
  declare readonly syscall?: string;
  declare readonly address?: string;
  declare readonly port?: number;
  declare readonly hostname?: string;
  declare readonly path?: string;
  declare readonly dest?: string;

  constructor(code: PawlCode | (string & {}), message: string, options: PawlErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    for (const key of ['errno', 'syscall', 'address', 'port', 'hostname', 'path', 'dest'] as const) {
      const value = options[key];
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'PawlError', configurable: true, writable: true });
  }
}
