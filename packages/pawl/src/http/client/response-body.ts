/**
 * ResponseBody: the content of a response that has not come whole, read from its connection.
 *
 * What must hold: the connection is the body's until the last byte has been decoded; then it goes back to the pool, before the reader is
 * told of the end. Whatever ends the body earlier, a failure, a timeout, a signal, or nobody wanting the rest, closes the connection, unless
 * the rest has come already. Content of the request that is still on its way goes on while the response is read.
 */
import type { Context } from '../../future/context.ts';
import { Future } from '../../future/future.ts';
import { PENDING, type Poll } from '../../future/poll.ts';
import { current } from '../../future/register.ts';
import { listen, unlisten } from '../../future/signals.ts';
import { PawlError } from '../../error/index.ts';
import type { Runtime } from '../../task/runtime.ts';
import type { Scope } from '../../task/scope.ts';
import { SCRATCH } from '../body-whole.ts';
import { InboundBody } from '../connection/inbound.ts';
import type { BodyDecoder } from '../wire/body-decoder.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import { type ClientConnection, isGone, type User } from './connection.ts';

/** What a body must know of its exchange. */
export interface Exchanged {
  readonly connection: ClientConnection;
  readonly head: ResponseHead;
  readonly decoder: BodyDecoder;
  /** Both sides would keep the connection. */
  readonly keep: boolean;
  /** What still sends the request's content. */
  readonly upload: Future<void> | null;
  readonly runtime: Runtime;
  /** In ms, between two pieces. */
  readonly patience: number;
  /** When all must be over, on the driver's clock. */
  readonly end: number;
  readonly signal: AbortSignal | null;
}

export class ResponseBody extends InboundBody implements User {
  private connection: ClientConnection | null;
  private upload: Future<void> | null;
  private readonly exchanged: Exchanged;
  /** The request's content will not be complete. */
  private broken = false;

  constructor(exchanged: Exchanged) {
    const { connection, decoder, head, end, signal } = exchanged;
    super(connection.inbound, decoder, head.chunked ? -1 : head.contentLength, Infinity, tooLarge);
    this.exchanged = exchanged;
    this.connection = connection;
    this.upload = exchanged.upload;
    this.onEnd = () => this.complete();
    connection.handTo(this);
    connection.arm(end);
    if (signal) listen(signal, this);
  }

  override pollBody(cx: Context, target: Uint8Array): Poll<number> {
    if (this.connection !== null) this.send(cx, this.connection);
    const count = super.pollBody(cx, target);
    if (count === PENDING) this.connection?.arm(this.deadline);
    return count;
  }

  /** What of the request is still on its way. */
  private send(cx: Context, { outbound }: ClientConnection): void {
    const { upload } = this;
    if (upload === null && outbound.empty) return;
    try {
      if (upload === null) outbound.pollFlush(cx);
      else if (upload.poll(cx) !== PENDING) this.upload = null;
    } catch (error) {
      this.upload = null;
      this.broken = true;
      outbound.release();
      // The server may have had enough of the request, and has said so in the response.
      if (!isGone(error)) this.fail(error);
    }
  }

  override forgetBody(): void {
    super.forgetBody();
    this.connection?.transport.forget('write');
  }

  override discardBody(): void {
    super.discardBody();
    const { connection, decoder } = this;
    if (connection === null) return;
    const { inbound } = connection;
    try {
      while (inbound.length > 0 && !decoder.done) {
        decoder.decode(inbound.bytes, inbound.start, inbound.end, SCRATCH);
        inbound.consume(decoder.consumed);
      }
    } catch {
      // The connection is closed.
    }
    if (decoder.done) this.complete();
    else this.fail(new PawlError('CLOSED', 'the rest of the response was discarded'));
  }

  override fail(error: unknown): void {
    super.fail(error);
    const { connection } = this;
    if (connection === null) return;
    this.leave();
    connection.close();
  }

  // ---- the connection's user

  get deadline(): number {
    const { end, patience } = this.exchanged;
    return this.waker === null ? end : Math.min(end, this.since + patience);
  }

  expire(): void {
    const { end, patience, runtime } = this.exchanged;
    const whole = runtime.driver.now() >= end;
    this.fail(
      new PawlError(
        'TIMEOUT',
        whole ? 'the response did not come whole in time' : `no more of the response came for ${patience} ms`,
      ),
    );
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.fail(this.exchanged.signal?.reason);
  }

  /** All of it has been decoded. */
  private complete(): void {
    const { connection } = this;
    if (connection === null) return;
    const { keep, head } = this.exchanged;
    const reusable = keep && !this.broken && this.upload === null && connection.outbound.empty;
    this.leave();
    this.detach();
    connection.finish(reusable, head);
  }

  private leave(): void {
    this.connection = null;
    const { signal } = this.exchanged;
    if (signal) unlisten(signal, this);
    const { upload } = this;
    this.upload = null;
    if (upload !== null) abandon(this.exchanged.runtime, upload);
  }
}

function tooLarge(): Error {
  return new PawlError('LIMIT_EXCEEDED', 'more than infinite');
}

/**
 * Cancels what sends a request's content, in a task of its own: its source may take its time to close. The scope of the poll that is under
 * way waits for that, or else the end of the runtime.
 */
export function abandon(runtime: Runtime, upload: Future<void>): void {
  const options = { name: 'closing the content of a request' };
  const abandoned = new Abandoned(upload);
  if (current !== null && upload.cancel(current) !== PENDING) return;
  const scope = current === null ? null : (current.nursery() as Scope);
  if (scope !== null && !scope.closed) scope.spawn(abandoned, options);
  else if (!runtime.root.closed) runtime.spawn(abandoned, options);
}

class Abandoned extends Future<void> {
  private readonly upload: Future<void>;

  constructor(upload: Future<void>) {
    super();
    this.upload = upload;
  }

  override poll(cx: Context): Poll<void> {
    return this.upload.cancel(cx);
  }

  override cancel(cx: Context): Poll<void> {
    return this.upload.cancel(cx);
  }
}
