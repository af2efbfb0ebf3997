/**
 * Response, as the Fetch standard has it (section 5.5), without the platform's cost: a status, a body in the form in which it was given,
 * and headers that are made when somebody asks for them.
 *
 * What must hold: whatever a program can see is as with the platform's, the types of the errors included; an instance of either is an
 * instance of both. The exceptions: what the platform itself wants to be its own (`WebAssembly.compileStreaming`) takes none of these.
 *
 * CPU time in units of the platform's, in one alternating run: `new Response('hello')` and `answerOf` 0.024, with a content type in a record
 * 0.034, `Response.json` and `answerOf` 0.026.
 */
import { type Answer, answerListed, answerTyped } from './answer.ts';
import { extract, TEXT } from './body-init.ts';
import { byteString, toText } from './header-text.ts';
import { headerListOf, headersOfList, LightHeaders } from './headers.ts';
import { HeaderList } from './header-list.ts';
import { MessageBody } from './message-body.ts';
import { showsAs } from './inspection.ts';
import { isInstance, link, linked, platform, standsFor } from './platform.ts';

type Init = { readonly status?: unknown; readonly statusText?: unknown; readonly headers?: unknown };
type BodyInit = ConstructorParameters<typeof globalThis.Response>[0];
type PlatformResponse = globalThis.Response;

let isOurs: (value: object) => value is LightResponse;
let answerOfOurs: (response: LightResponse) => Answer;

/**
 * A Response that costs little. With {@link installGlobals} it is what `Response` means; a program need not name it.
 *
 * Beyond the standard, its body may be a Stream of `pawl/stream` or an IncomingBody, which go out without a web stream between.
 *
 * @example
 * ```ts
 * import { LightResponse } from 'pawl/http';
 * const response = LightResponse.json({ name: 'pawl' }, { status: 201 });
 * response.headers.set('cache-control', 'no-store');
 * console.log(response instanceof Response, await response.text()); // true {"name":"pawl"}
 * ```
 */
export class LightResponse implements PlatformResponse {
  #status = 200;
  #reason = '';
  #body: MessageBody | null = null;
  /** The content type that the body brings, while there are no headers to hold it. */
  #type: string | null = null;
  /** Null until somebody asks for them, when there is nothing in them but that content type. */
  #headers: LightHeaders | null = null;
  #error = false;

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    if (!linked) link();
    if (init !== undefined && init !== null) this.#begin(init);
    if (body === undefined || body === null) return;
    if (isNullBodyStatus(this.#status)) throw new TypeError(`A response with status ${this.#status} has no body`);
    if (typeof body === 'string') {
      this.#body = new MessageBody(body);
      this.#bring(TEXT);
    } else {
      const extracted = extract(body);
      this.#body = extracted.body;
      if (extracted.type !== null) this.#bring(extracted.type);
    }
  }

  static {
    Object.defineProperty(this, 'name', { value: 'Response' });
    standsFor(this.prototype, 'Response');
    showsAs(this.prototype, 'Response', (response) => {
      const { status, statusText, headers, bodyUsed, ok, type } = response;
      return { status, statusText, headers, bodyUsed, ok, type };
    });
    isOurs = (value): value is LightResponse => #error in value;
    answerOfOurs = (response) => response.#answer();
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this === LightResponse ? platform().Response : this, value);
  }

  static error(): LightResponse {
    const response = new LightResponse();
    response.#error = true;
    response.#status = 0;
    response.#headers = headersOfList(new HeaderList(), true);
    return response;
  }

  static json(data: unknown, init?: ResponseInit): LightResponse {
    const text = JSON.stringify(data) as string | undefined;
    if (text === undefined) throw new TypeError('Response.json: the value is nothing that JSON could say');
    const response = new LightResponse(null, init);
    if (isNullBodyStatus(response.#status))
      throw new TypeError(`A response with status ${response.#status} has no body`);
    response.#body = new MessageBody(text);
    response.#bring('application/json');
    return response;
  }

  static redirect(url: string | URL, status: number = 302): LightResponse {
    const parsed = URL.parse(toText(url));
    if (parsed === null) throw new TypeError(`Response.redirect: ${toText(url)} is no absolute URL`);
    const code = unsignedShort(status);
    if (![301, 302, 303, 307, 308].includes(code))
      throw new RangeError(`Response.redirect: ${code} is no status of a redirect`);
    const response = new LightResponse();
    response.#status = code;
    response.#headers = headersOfList(new HeaderList(['location', byteString(parsed.href)]), true);
    return response;
  }

  get type(): 'default' | 'error' {
    return this.#error ? 'error' : 'default';
  }

  /** Where it was fetched from: nowhere. */
  get url(): string {
    return '';
  }

  get redirected(): boolean {
    return false;
  }

  get status(): number {
    return this.#status;
  }

  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }

  get statusText(): string {
    return this.#reason;
  }

  get headers(): LightHeaders {
    return (this.#headers ??= headersOfList(
      new HeaderList(this.#type === null ? [] : ['content-type', this.#type]),
      false,
    ));
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body === null ? null : this.#body.toStream();
  }

  get bodyUsed(): boolean {
    return this.#body !== null && this.#body.used;
  }

  clone(): LightResponse {
    const clone = new LightResponse();
    clone.#body = this.#body === null ? null : this.#body.clone();
    clone.#status = this.#status;
    clone.#reason = this.#reason;
    clone.#type = this.#type;
    clone.#error = this.#error;
    if (this.#headers !== null) clone.#headers = headersOfList(headerListOf(this.#headers).copy(), this.#error);
    return clone;
  }

  async text(): Promise<string> {
    return this.#body === null ? '' : await this.#body.text();
  }

  async json(): Promise<unknown> {
    return this.#body === null ? JSON.parse('') : await this.#body.json();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#body === null ? new Uint8Array(0) : await this.#body.bytes();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return await (await this.#platform()).blob();
  }

  async formData(): Promise<FormData> {
    return await (await this.#platform()).formData();
  }

  textStream(): ReadableStream<string> {
    return (this.#body ?? new MessageBody('')).textStream();
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  #begin(init: ResponseInit): void {
    if (typeof init !== 'object' && typeof init !== 'function')
      throw new TypeError('The init of a Response is an object');
    // In the order in which Web IDL reads a dictionary; each may be a getter.
    const { headers, status, statusText } = init as Init;
    if (headers !== undefined) this.#headers = new LightHeaders(headers as globalThis.Headers);
    if (status !== undefined) this.#status = unsignedShort(status);
    if (statusText !== undefined) this.#reason = byteString(statusText);
    if (this.#status < 200 || this.#status > 599)
      throw new RangeError(`The status of a Response is from 200 to 599, not ${this.#status}`);
    if (!REASON.test(this.#reason))
      throw new TypeError('The statusText of a Response has a character in it that cannot be sent');
  }

  /** The content type that the body brings, unless the headers have one. */
  #bring(type: string): void {
    if (this.#headers === null) {
      this.#type = type;
      return;
    }
    const list = headerListOf(this.#headers);
    if (!list.has('content-type')) list.append('content-type', type);
  }

  #answer(): Answer {
    if (this.#error) throw new TypeError('Response.error() is no response that could be sent');
    const body = this.#body;
    const length = body === null ? -1 : body.length;
    const taken = body === null ? null : body.take();
    if (this.#headers === null) return answerTyped(this.#status, this.#reason, this.#type, taken, length);
    return answerListed(this.#status, this.#reason, headerListOf(this.#headers), taken, length);
  }

  #platform(): Promise<PlatformResponse> {
    const body = this.#body ?? new MessageBody('');
    return body.toPlatform(this.headers.get('content-type'));
  }
}

/** HTAB, SP, visible characters and obs-text (RFC 9112, section 4). */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

function isNullBodyStatus(status: number): boolean {
  return status === 204 || status === 304 || status === 205 || status === 101 || status === 103;
}

/** As Web IDL converts to an unsigned short. */
function unsignedShort(value: unknown): number {
  const number = typeof value === 'number' ? value : Number(value);
  return Number.isFinite(number) ? Math.trunc(number) & 0xffff : 0;
}

export { answerOfOurs as answerOfLight, isOurs as isLightResponse };
