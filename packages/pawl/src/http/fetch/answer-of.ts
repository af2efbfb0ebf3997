/**
 * answerOf: from whatever Response a handler has returned to what a server writes out.
 *
 * What must hold: a light one gives what it is made of; one of the platform (what its `fetch` gave, and is passed on) gives its stream.
 */
import { type Answer, type AnswerBody, answerListed } from './answer.ts';
import { HeaderList } from './header-list.ts';
import { isPlain } from './header-text.ts';
import { platform } from './platform.ts';
import { answerOfLight, isLightResponse } from './response.ts';

/** True for a light Response and for one of the platform. */
export function isResponse(value: unknown): value is Response {
  return (
    typeof value === 'object' && value !== null && (isLightResponse(value) || value instanceof platform().Response)
  );
}

/**
 * What a Response says, for writing it out. It is used then: its body has an owner.
 *
 * Errors: a TypeError for anything but a Response, for `Response.error()`, and when the body was read before or is being read (a Response
 * that a handler returns a second time); HTTP_BAD_FIELD for a control character in a header.
 */
export function answerOf(response: Response): Answer {
  if (typeof response !== 'object' || response === null) throw noResponse(response);
  if (isLightResponse(response)) return answerOfLight(response);
  if (!isResponse(response)) throw noResponse(response);
  return answerOfPlatform(response);
}

function noResponse(given: unknown): TypeError {
  const what = typeof given === 'object' ? Object.prototype.toString.call(given) : typeof given;
  return new TypeError(
    `a fetch handler gives a Response, got ${what}${given === undefined ? ': is a return missing?' : ''}`,
  );
}

function answerOfPlatform(response: Response): Answer {
  if (response.type === 'error') throw new TypeError('Response.error() is no response that could be sent');
  const body = response.body as AnswerBody & (ReadableStream<Uint8Array> | null);
  if (body !== null && (body.locked || response.bodyUsed)) {
    throw new TypeError('The body of the Response has been read already, or somebody reads its stream');
  }
  // What was fetched is decoded, and its headers still say otherwise. An empty body stands for one that was not fetched (HEAD).
  const decoded = response.url !== '' && body !== null && response.headers.has('content-encoding');
  const list = new HeaderList();
  for (const [name, value] of response.headers) {
    if (decoded && (name === 'content-encoding' || name === 'content-length')) continue;
    if (!isPlain(value)) list.odd = true;
    list.entries.push(name, value);
  }
  return answerListed(response.status, response.statusText, list, body, -1);
}
