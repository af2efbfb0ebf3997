/**
 * HttpError: what is wrong with a message, and the status that says so to the one who sent it.
 *
 * What must hold: a code has one status. The message names the place (a byte of the head or of the coded body, counted from 0) and the
 * section of the RFC that is broken, and quotes nothing that came from the peer but a single byte.
 */
import { PawlError, type PawlErrorOptions } from '../error/index.ts';

const STATUS = {
  HTTP_SYNTAX: 400, // not the grammar of HTTP/1.1
  HTTP_FRAMING: 400, // where the message ends is missing, contradictory or disputable
  HTTP_TIMEOUT: 408, // the peer was too slow
  HTTP_BODY_TOO_LARGE: 413, // more content, or more of what is around it, than allowed
  HTTP_TARGET_TOO_LONG: 414, // a request target longer than allowed
  HTTP_FIELDS_TOO_LARGE: 431, // a head or a trailer section longer than allowed, or of too many lines
  HTTP_BAD_FIELD: 500, // our own side would send something that may not go out
  HTTP_NOT_IMPLEMENTED: 501, // a transfer coding or a method that nobody here knows
  HTTP_VERSION: 505, // another major version
} as const;

/** The codes of an {@link HttpError}. */
export type HttpCode = keyof typeof STATUS;

/**
 * A message that breaks the rules of HTTP or a limit, with the status that a server answers it with. `HTTP_BAD_FIELD` is the one code
 * about our own side: a name, a value, a method or a target was to be sent that would not be one on the wire.
 *
 * @example
 * ```ts
 * import { Fields, HttpError } from 'pawl/http';
 * try {
 *   Fields.from({ Location: '/here\r\nSet-Cookie: stolen=1' });
 * } catch (error) {
 *   if (error instanceof HttpError) console.log(error.code, error.status); // HTTP_BAD_FIELD 500
 * }
 * ```
 */
export class HttpError extends PawlError {
  declare readonly code: HttpCode;
  /** The status code that a server answers with. */
  readonly status: number;

  constructor(code: HttpCode, message: string, options?: PawlErrorOptions) {
    super(code, message, options);
    this.status = STATUS[code];
  }

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'HttpError', configurable: true, writable: true });
  }
}
