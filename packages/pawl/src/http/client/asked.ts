/**
 * What a `fetch` is asked for, as a request of ours.
 *
 * What must hold: what the platform's Request refuses is refused with the same error: it is asked. The content of a Request is a stream,
 * whatever it was made of; a short one that is there is read before anything is sent, so that it has a length, and can be sent again.
 */
import { PawlError } from '../../error/index.ts';
import { coroutine, type Steps } from '../../future/coroutine.ts';
import type { Future } from '../../future/future.ts';
import { map } from '../../future/map.ts';
import { race } from '../../future/race.ts';
import { closeOne } from '../../stream/close.ts';
import { END, type End, type Source } from '../../stream/source.ts';
import { Stream } from '../../stream/stream.ts';
import { fromReadableStream } from '../../stream/web.ts';
import { sleep } from '../../time/sleep.ts';
import { isLazyRequest, toBodilessRequest, toPlatformRequest } from '../fetch/request.ts';
import { Fields } from '../fields.ts';
import { isBadPort } from './bad-port.ts';
import { Content, type RequestBody } from './content.ts';
import { Plan, type PlanOptions } from './plan.ts';
import { Target } from './target.ts';

/** A request that can be sent, or that can be when its content has been looked at. */
export interface Asked {
  readonly target: Target;
  readonly options: PlanOptions;
  readonly signal: AbortSignal | null;
  /** The content of a Request. */
  readonly stream: ReadableStream<Uint8Array> | null;
}

const SIMPLE: PlanOptions = { standard: true };

/** Throws a TypeError, or what the platform throws. */
export function askedOf(input: string | URL | Request, init: RequestInit | undefined): Asked {
  if (typeof input === 'string' && init === undefined) {
    return { target: checkTarget(targetOf(input)), options: SIMPLE, signal: null, stream: null };
  }
  const own = isLazyRequest(input) ? (init?.body == null ? toPlatformRequest(input) : toBodilessRequest(input)) : input;
  const request = new Request(own, init);
  if (request.integrity !== '') throw new TypeError('fetch: integrity is not supported, so it cannot be relied on');
  const target = checkTarget(targetOf(request.url));
  const signal = init?.signal === undefined ? (isRequest(own) ? own.signal : null) : init.signal;
  const given = init?.body ?? null;
  const content =
    given === null || given instanceof ReadableStream || isIterable(given) ? null : copied(given as RequestBody);
  const headers = Fields.from(request.headers);
  if (
    content !== null &&
    content.type !== null &&
    !new Headers(init?.headers ?? (isRequest(own) ? own.headers : undefined)).has('content-type')
  ) {
    headers.set('content-type', content.type);
  }
  const options: PlanOptions = {
    standard: true,
    method: request.method,
    redirect: request.redirect,
    signal,
    ...(headers.size === 0 ? {} : { headers }),
    ...(content === null ? {} : { content }),
    // A stream that is given as one is one, short or not.
    ...(content === null && given !== null ? { body: request.body } : {}),
  };
  return { target, options, signal, stream: given === null ? request.body : null };
}

export function planOf({ options }: Asked, content: Content | null): Plan {
  if (options === SIMPLE) return PLAIN;
  return Plan.of(content === null ? options : { ...options, content });
}

const PLAIN = Plan.of(SIMPLE);

function targetOf(url: string): Target {
  try {
    return Target.of(url);
  } catch (error) {
    throw new TypeError(`fetch: ${(error as PawlError).message}`, { cause: error });
  }
}

/** The URL's own credentials are for nobody here (Fetch standard, 5.4, "new Request(input, init)", step 5.3). */
function checkTarget(target: Target): Target {
  if (target.authorization !== null) throw badUrl('the URL has credentials in it: use an Authorization header');
  if (isBadPort(target.port)) throw badUrl(`port ${target.port} is not to be spoken HTTP to`);
  return target;
}

function badUrl(message: string): TypeError {
  return new TypeError(`fetch: ${message}`, { cause: new PawlError('BAD_URL', message) });
}

function isRequest(value: unknown): value is Request {
  return value instanceof Request;
}

function isIterable(value: object | string): boolean {
  return typeof value === 'object' && Symbol.asyncIterator in value;
}

/** The standard sends what there was at the call. */
function copied(body: RequestBody): Content {
  const content = Content.of(body as NonNullable<RequestBody>);
  return content.whole instanceof Uint8Array ? Content.whole(content.whole.slice(), content.type) : content;
}

/** Bytes that are looked at, and how long for, in ms, before a stream counts as one that goes on. */
const SHORT = 64 * 1024;
const SOON = 2;
const LATER: unique symbol = Symbol('later');

/** The content of a stream: whole, if it is short and there. */
export const peek: (stream: ReadableStream<Uint8Array>) => Future<Content> = coroutine(function* peek(
  stream: ReadableStream<Uint8Array>,
): Steps<Content> {
  const source = fromReadableStream(stream);
  const pieces: Uint8Array[] = [];
  let content: Content | null = null;
  try {
    for (let size = 0; size < SHORT;) {
      const piece: Uint8Array | End | typeof LATER = yield* race([
        source.next(),
        map(sleep(SOON), (): typeof LATER => LATER),
      ]);
      if (piece === LATER) break;
      if (piece === END) return (content = Content.whole(Buffer.concat(pieces), null));
      if (!(piece instanceof Uint8Array)) throw new TypeError('The body of a Request gives bytes and nothing else');
      pieces.push(piece);
      size += piece.length;
    }
    return (content = Content.pieces(() => resumed(pieces, source), -1, null, false));
  } finally {
    if (content === null) yield* closeOne(source);
  }
});

function resumed(pieces: Uint8Array[], rest: Stream<Uint8Array>): Source<Uint8Array> {
  return Stream.concat(Stream.from(pieces), rest);
}
