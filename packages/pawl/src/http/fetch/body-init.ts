/**
 * BodyInit: what a Response is made of, extracted as the Fetch standard says (section 5.2): the body, and the content type that it brings.
 *
 * What must hold: bytes are copied, since their owner may go on writing to them; a stream is taken as it is.
 */
import { isAnyArrayBuffer } from 'node:util/types';
import { Stream } from '../../stream/stream.ts';
import { IncomingBody } from '../body.ts';
import { headerValue, toText } from './header-text.ts';
import { type Bytes, MessageBody } from './message-body.ts';
import { platform } from './platform.ts';

export const TEXT = 'text/plain;charset=UTF-8';
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

/** The content type that a body brings, if it is not a string's and not known from the init alone. */
export interface Extracted {
  readonly body: MessageBody;
  readonly type: string | null;
}

/** Of anything but null, undefined and a string. */
export function extract(init: unknown): Extracted {
  if (typeof init === 'object' && init !== null) {
    if (init instanceof Uint8Array)
      return { body: new MessageBody(copy(init, init.byteOffset, init.byteLength)), type: null };
    if (init instanceof ReadableStream) return { body: MessageBody.of(init as ReadableStream<Uint8Array>), type: null };
    if (init instanceof URLSearchParams) return { body: new MessageBody(init.toString()), type: FORM };
    if (init instanceof Blob)
      return { body: new MessageBody(init), type: init.type === '' ? null : headerValue(init.type) };
    if (init instanceof FormData) return extractForm(init);
    if (ArrayBuffer.isView(init))
      return { body: new MessageBody(copy(init, init.byteOffset, init.byteLength)), type: null };
    if (isAnyArrayBuffer(init))
      return { body: new MessageBody(copy({ buffer: init }, 0, init.byteLength)), type: null };
    // Beyond the standard: what came in goes out again, a stream of ours, and, as the platform does, whatever is iterated asynchronously.
    if (init instanceof IncomingBody || init instanceof Stream) return { body: new MessageBody(init), type: null };
    if (Symbol.asyncIterator in init) {
      const stream = ReadableStream.from(init as AsyncIterable<Uint8Array>);
      return { body: MessageBody.of(stream), type: null };
    }
  }
  return { body: new MessageBody(toText(init)), type: TEXT };
}

/** Its boundary and its coding are the platform's. */
function extractForm(form: FormData): Extracted {
  const made = new (platform().Response)(form);
  return { body: MessageBody.of(made.body as ReadableStream<Uint8Array>), type: made.headers.get('content-type') };
}

function copy({ buffer }: { readonly buffer: ArrayBufferLike }, offset: number, length: number): Bytes {
  const bytes = new Uint8Array(length);
  bytes.set(new Uint8Array(buffer, offset, length));
  return bytes;
}
