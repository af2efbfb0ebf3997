/**
 * Reply: the answer to the request at hand, from whatever a handler gives or throws.
 *
 * What must hold: what cannot be sent is refused before any byte of it has been written, and the client gets 500. An answer that breaks off
 * after its beginning ends the connection without the end that the answer would have had, so that nobody takes it for whole. Only what the
 * client has done wrong is the client's to be told in words; everything else is the server's `onError`'s.
 */
import { STATUS_CODES } from 'node:http';
import { PawlError } from '../../error/index.ts';
import { start, type Steps } from '../../future/coroutine.ts';
import { Future } from '../../future/future.ts';
import type { Transport } from '../../net/transport.ts';
import type { Duplex } from '../../io/stream.ts';
import { Flushed } from '../connection/flush.ts';
import { HandedOver } from '../connection/handed-over.ts';
import type { Inbound, InboundBody } from '../connection/inbound.ts';
import type { Outbound } from '../connection/outbound.ts';
import { type Pieces, piecesOf } from '../connection/pieces.ts';
import { HttpError } from '../error.ts';
import type { Source } from '../../stream/source.ts';
import { closeOne } from '../../stream/close.ts';
import { type Answer, type Prepared, prepareParts, prepareResponse } from './answer.ts';
import { writeBody } from './body-writer.ts';
import type { ServerCore } from './core.ts';
import { asFuture, discardAnswer } from './handled.ts';
import type { ServerRequest } from './request.ts';
import { Responder } from './responder.ts';

/** Content that nobody has read is read away up to so many bytes, to save the connection. */
export const DRAIN_LIMIT: number = 64 * 1024;

export class Reply {
  readonly responder: Responder;
  private readonly server: ServerCore;
  private readonly transport: Transport;
  private readonly inbound: Inbound;
  private readonly outbound: Outbound;
  request: ServerRequest | null = null;
  body: InboundBody | null = null;
  /** All of it has been written. */
  complete = false;
  /** It has broken off: the end of the connection must not look like the answer's. */
  broken = false;
  /** What its task writes goes out by itself. */
  streaming = false;
  upgraded = false;
  /** On the driver's clock: when the request's head had come. */
  began = 0;
  private writtenBefore = 0;
  /** Somebody wants to hear of it. */
  private unreported = false;
  /** Nobody waits for it any more. */
  private abandoned = false;
  /** Content that nobody has begun to write. */
  private unsent: Source<unknown> | null = null;

  constructor(server: ServerCore, inbound: Inbound, outbound: Outbound) {
    this.server = server;
    this.transport = inbound.transport;
    this.inbound = inbound;
    this.outbound = outbound;
    this.responder = new Responder(outbound);
  }

  /** A new request. */
  start(request: ServerRequest, body: InboundBody | null, now: number): void {
    this.request = request;
    this.body = body;
    this.began = now;
    if (this.server.onExchange !== null) this.expectReport();
    this.complete = false;
    this.streaming = false;
    this.responder.start(request.head, request.head.keepAlive);
  }

  /** A direct handler's text. */
  text(body: string): void {
    this.decide();
    this.responder.text(body, this.server.dates);
    this.complete = true;
  }

  /** Writes an answer; what of it comes in pieces is left to the future. Throws what is wrong with it, before anything is written. */
  give(answer: Answer): Future<void> | null {
    try {
      return this.write(answer);
    } catch (error) {
      discardAnswer(answer, this.server.letGo);
      throw error;
    }
  }

  private write(answer: Answer): Future<void> | null {
    const { responder, server, outbound, transport } = this;
    if (server.direct && (typeof answer === 'string' || answer instanceof Uint8Array)) {
      this.checkConnect(200);
      if (typeof answer === 'string') {
        this.text(answer);
        return null;
      }
      this.decide();
      responder.whole(200, '', null, answer, server.dates);
      this.complete = true;
      return null;
    }
    const prepared = server.direct ? prepareParts(answer) : prepareResponse(answer);
    const { status, reason, head, body, upgrade, trailers } = prepared;
    if (upgrade !== undefined) return this.handOver(prepared, upgrade);
    this.checkConnect(status);
    if (body === null || typeof body === 'string' || body instanceof Uint8Array) {
      this.decide();
      responder.whole(status, reason, head, body, server.dates);
      this.complete = true;
      return null;
    }
    const source = piecesOf(body as Pieces);
    if (server.closing) responder.keepAlive = false;
    // What it gives may come from the request's content, which the client holds back until it is told to go on.
    this.body?.beforeFirstWait();
    const length = head?.length ?? -1;
    const framing = responder.begin(status, reason, head, length, server.dates);
    this.streaming = true;
    this.unsent = source;
    return writeBody({ outbound, transport, source, framing, length, trailers, begin: () => (this.unsent = null) });
  }

  /** A 2xx to a CONNECT is a tunnel's beginning, and has no content (RFC 9110, 9.3.6): a handler that knows no tunnels does not mean that. */
  private checkConnect(status: number): void {
    if (this.request?.method !== 'CONNECT' || status > 299) return;
    throw new HttpError('HTTP_NOT_IMPLEMENTED', 'there are no tunnels here (RFC 9110, 9.3.6)');
  }

  private handOver({ status, reason, head }: Prepared, upgrade: NonNullable<Prepared['upgrade']>): Future<void> {
    const { body, inbound, outbound, transport } = this;
    const request = this.request as ServerRequest;
    if (status === 101 ? request.upgrade === null : request.method !== 'CONNECT' || status > 299) {
      throw new PawlError(
        'BAD_ARGUMENT',
        `a connection is handed over with 101 to a client that asked for an upgrade, or with 200 to a CONNECT; not with ${status} to this ${request.method} (RFC 9110, 7.8)`,
      );
    }
    if (body !== null && !body.done) {
      throw new PawlError('BAD_ARGUMENT', "a request's content is read before its connection is handed over");
    }
    this.responder.switch(status, reason, head, request.upgrade, this.server.dates);
    this.streaming = true;
    this.upgraded = true;
    return start(handOver, new Flushed(outbound, transport), upgrade, new HandedOver(inbound, outbound));
  }

  /** Whether the connection can be kept: not if the server closes, nor if more of the request's content is left than is worth reading away. */
  private decide(): void {
    const { body, responder, server } = this;
    if (server.closing) responder.keepAlive = false;
    if (body === null || body.done) return;
    const left = body.length - body.received - this.inbound.length;
    if (body.failed || body.onFirstWait !== null || left > DRAIN_LIMIT) responder.keepAlive = false;
  }

  /** The handler has thrown, or its answer cannot be sent. */
  failed(failure: unknown): void {
    const { responder, server, request } = this;
    const error = failure instanceof SuppressedError ? (failure.error as unknown) : failure;
    if (this.tellsOfEnd(error)) {
      this.broken = true;
      request?.abandon(error);
      return;
    }
    const status = this.statusOf(error);
    if (status === 500 || failure !== error) server.tell(failure, request);
    if (this.complete || this.abandoned) return;
    if (responder.begun) {
      this.broken = true;
      return;
    }
    this.decide();
    if (status !== 500) responder.keepAlive = false;
    const text = status === 500 ? STATUS_CODES[500] : (error as Error).message;
    responder.whole(status, '', null, `${text}\n`, server.dates);
    this.complete = true;
  }

  /** Whether it failed because the connection did: in writing, or in reading the content. */
  private tellsOfEnd(error: unknown): boolean {
    if (!(error instanceof PawlError)) return false;
    if (error.code === 'CLIENT_GONE') return true;
    return this.body?.failure === error && !(error instanceof HttpError) && error.code !== 'UNEXPECTED_EOF';
  }

  /** What the client is to blame for has a status of its own: content that is too large, or that failed to come as it should. */
  private statusOf(error: unknown): number {
    if (error instanceof HttpError && (error.status === 413 || error.status === 501)) return error.status;
    if (this.body === null || !this.body.failed || this.body.failure !== error) return 500;
    return error instanceof HttpError ? error.status : 400;
  }

  /** A request that cannot be answered by a handler. The connection ends with the answer. */
  refuse(error: HttpError): void {
    const { responder, server } = this;
    const { status, message } = error;
    responder.keepAlive = false;
    responder.whole(status, '', null, `${STATUS_CODES[status]}: ${message}\n`, server.dates);
    this.complete = true;
  }

  /** There was no time for an answer, unless it has begun. The connection ends with it. */
  excuse(): void {
    const { responder, server } = this;
    if (responder.begun) return;
    responder.keepAlive = false;
    responder.whole(503, '', null, `${STATUS_CODES[503]}\n`, server.dates);
    this.complete = true;
  }

  /** Nobody waits for the rest of it: an answer that has begun has broken off. */
  abandon(reason: unknown): void {
    const { unsent, request } = this;
    this.abandoned = true;
    this.unsent = null;
    if (unsent !== null) this.server.letGo(closeOne(unsent));
    if (request === null) return;
    if (this.responder.begun && !this.complete) this.broken = true;
    request.abandon(reason);
    this.body?.fail(reason);
    this.report();
  }

  private expectReport(): void {
    this.writtenBefore = this.outbound.written + this.outbound.waiting;
    this.unreported = true;
  }

  /** Tells that it is over, once. */
  report(): void {
    if (this.unreported) this.tell();
  }

  private tell(): void {
    const { responder, outbound, server } = this;
    const { method, target } = this.request as ServerRequest;
    this.unreported = false;
    server.onExchange?.({
      method,
      target,
      status: responder.status,
      bytes: outbound.written + outbound.waiting - this.writtenBefore,
      duration: server.now() - this.began,
      complete: this.complete && !this.broken,
    });
  }
}

/** The head of the answer goes out first: the new protocol may begin with the client. */
function* handOver(flushed: Future<void>, upgrade: NonNullable<Prepared['upgrade']>, stream: Duplex): Steps<void> {
  yield* flushed;
  const serving: unknown = asFuture(upgrade(stream));
  if (serving instanceof Future) yield* serving as Future<void>;
  else throw new PawlError('BAD_ARGUMENT', `upgrade gives a future or a generator, got ${typeof serving}`);
}
