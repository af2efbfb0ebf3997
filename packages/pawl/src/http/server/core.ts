/** ServerCore: what a server's connections share. */
import type { Future } from '../../future/future.ts';
import type { RequestParser } from '../wire/request-parser.ts';
import type { ServerConnection } from './connection.ts';
import type { DateLines } from './date.ts';
import type { Exchange } from './exchange.ts';
import type { HandlerContext } from './handler-context.ts';
import type { Exchange as ExchangeRecord, Handled, Settings } from './options.ts';
import type { ServerRequest } from './request.ts';
import type { Task } from '../../task/task.ts';

export interface ServerCore {
  readonly settings: Settings;
  readonly handler: (request: ServerRequest) => Handled;
  /** In which they are called. */
  readonly handlerContext: HandlerContext;
  /** The handler gives answers of the direct form; else Responses. */
  readonly direct: boolean;
  /** The connections are TLS. */
  readonly secure: boolean;
  readonly onExchange: ((exchange: ExchangeRecord) => void) | null;
  /** No further requests are taken. */
  readonly closing: boolean;
  /** For heads that come whole, which are nearly all. */
  readonly parser: RequestParser;
  /** Gives `parser` away, with what it knows of a head that has come in part, and makes a new one. */
  lendParser(): RequestParser;
  /** The date lines of this moment. */
  readonly dates: DateLines;
  /** On the driver's clock. */
  now(): number;
  /** An error that is nobody's answer. Never throws. */
  tell(error: unknown, request: ServerRequest | null): void;
  /** Starts an exchange. It may fail alone: its connection sees to that. */
  spawn(exchange: Exchange): Task<void>;
  /** Runs what nobody waits for: the closing of content that will not be sent. */
  readonly letGo: (future: Future<unknown>) => void;
  leave(connection: ServerConnection): void;
}
