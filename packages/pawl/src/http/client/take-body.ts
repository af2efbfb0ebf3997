/**
 * What is to be read of a response, once its head is there.
 *
 * What must hold: the connection goes with the content that is still to come, or back to the pool at once. It is used again only when both
 * sides have said all of it and would keep it.
 */
import type { Context } from '../../future/context.ts';
import type { Future } from '../../future/future.ts';
import type { Runtime } from '../../task/runtime.ts';
import type { BodySource } from '../body-source.ts';
import { responseBody } from '../wire/body-decoder.ts';
import type { ResponseHead } from '../wire/response-head.ts';
import type { ClientConnection } from './connection.ts';
import { keepBody } from './kept-body.ts';
import type { Plan } from './plan.ts';
import { abandon, ResponseBody } from './response-body.ts';
import type { Sending } from './sending.ts';

/** `patience`: ms between two pieces; `end`: when all must be over, on the driver's clock. */
export function takeBody(
  cx: Context,
  connection: ClientConnection,
  head: ResponseHead,
  plan: Plan,
  sending: Sending | null,
  patience: number,
  end: number,
): BodySource | null {
  const { inbound, outbound } = connection;
  const { contentLength } = head;
  const upload = sending === null ? null : sending.rest;
  const complete = (sending === null || sending.complete) && outbound.empty;
  const keep = head.keepAlive && !plan.close && (sending === null || !sending.broken);
  const whole = !head.chunked && contentLength >= 0 && contentLength <= inbound.length;
  if (whole && mayHaveContent(head, plan)) {
    const source = contentLength === 0 ? null : keepBody(inbound.bytes, inbound.start, inbound.start + contentLength);
    if (contentLength > 0) inbound.consume(contentLength);
    free(cx, connection, keep && complete, head, upload);
    return source;
  }
  const decoder = responseBody(head, plan.method);
  if (decoder === null) {
    free(cx, connection, keep && complete, head, upload);
    return null;
  }
  return new ResponseBody({
    connection,
    head,
    decoder,
    keep: keep && (head.chunked || contentLength >= 0),
    upload,
    runtime: cx.runtime as Runtime,
    patience,
    end,
    signal: plan.options.signal ?? null,
  });
}

/** RFC 9112 6.3, 1. */
function mayHaveContent({ status }: ResponseHead, { method }: Plan): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

function free(
  cx: Context,
  connection: ClientConnection,
  reusable: boolean,
  head: ResponseHead,
  upload: Future<void> | null,
): void {
  if (upload !== null) abandon(cx.runtime as Runtime, upload);
  connection.finish(reusable, head);
}
