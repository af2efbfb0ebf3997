/**
 * Request, as the Fetch standard has it (section 5.4), for a message that came in: a head, a body and what they are asked for, each made
 * when somebody asks.
 *
 * What must hold: whatever a program can see is as with the Request that the platform would have been made of the same message; it is an
 * instance of the platform's class. Its head owns its text: one that is kept and read later says what it said. The platform's own
 * functions reach into a Request's insides, which these do not have: `installGlobals` teaches `fetch` and `new Request` about them, and
 * `toPlatformRequest` makes one for whatever else needs it.
 *
 * CPU time in units of the platform's, in one alternating run: making one 0.01; parsing it, making it, and reading its method, its URL and
 * one header 0.36. One that is kept holds 344 bytes, its head among them (the platform's: 1216).
 */
import type { IncomingBody } from '../body.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { headerListOf, headersOfFields, headersOfList, LightHeaders } from './headers.ts';
import { MessageBody } from './message-body.ts';
import { showsAs } from './inspection.ts';
import { isInstance, link, linked, platform, standsFor } from './platform.ts';
import { requestUrl } from './request-url.ts';

type PlatformRequest = globalThis.Request;

/** Where a request came in: one object for all requests of a listener. */
export interface RequestSite {
  readonly scheme: 'http' | 'https';
  /** Whom a request is for that does not say (HTTP/1.0): `host` or `host:port`. */
  readonly authority: string;
}

/** Makes the signal of a request when a handler first touches it; the same one when its clone asks again. */
export interface SignalSource {
  toSignal(): AbortSignal;
}

/** What of a head a Request needs. */
type Head = Pick<RequestHead, 'method' | 'target' | 'host' | 'fields'>;

let isOurs: (value: object) => value is LazyRequest;
let toReal: (request: LazyRequest, bodiless: boolean) => PlatformRequest;

/** The Request that a fetch handler gets. Its maker is the server. */
export class LazyRequest implements PlatformRequest {
  readonly #head: Head;
  readonly #site: RequestSite;
  readonly #signals: SignalSource | null;
  /** What came in, until it is the body of this. */
  #incoming: IncomingBody | null;
  #body: MessageBody | null = null;
  #url: string | null = null;
  #headers: LightHeaders | null = null;
  #signal: AbortSignal | null = null;

  /** A request that came in. With GET and HEAD it has no body, as the standard wants it: what came stays with its connection. */
  constructor(head: Head, body: IncomingBody | null, site: RequestSite, signals: SignalSource | null) {
    if (!linked) link();
    this.#head = head;
    this.#incoming = body;
    this.#site = site;
    this.#signals = signals;
  }

  static {
    Object.defineProperty(this, 'name', { value: 'Request' });
    standsFor(this.prototype, 'Request');
    showsAs(this.prototype, 'Request', (request) => {
      const { method, url, headers, bodyUsed } = request;
      return { method, url, headers, bodyUsed };
    });
    // `new request.constructor(…)` makes a Request, not one of these.
    Object.defineProperty(this.prototype, 'constructor', { get: () => globalThis.Request, configurable: true });
    isOurs = (value): value is LazyRequest => #head in value;
    toReal = (request, bodiless) => request.#toPlatform(bodiless);
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(platform().Request, value);
  }

  get method(): string {
    return this.#head.method;
  }

  get url(): string {
    const { scheme, authority } = this.#site;
    return (this.#url ??= requestUrl(scheme, this.#head.host || authority, this.#head.target));
  }

  get headers(): LightHeaders {
    return (this.#headers ??= headersOfFields(this.#head.fields));
  }

  get signal(): AbortSignal {
    return (this.#signal ??= this.#signals === null ? new AbortController().signal : this.#signals.toSignal());
  }

  get destination(): '' {
    return '';
  }

  get referrer(): string {
    return 'about:client';
  }

  get referrerPolicy(): '' {
    return '';
  }

  get mode(): 'cors' {
    return 'cors';
  }

  get credentials(): 'same-origin' {
    return 'same-origin';
  }

  get cache(): 'default' {
    return 'default';
  }

  get redirect(): 'follow' {
    return 'follow';
  }

  get integrity(): string {
    return '';
  }

  get keepalive(): boolean {
    return false;
  }

  get isReloadNavigation(): boolean {
    return false;
  }

  get isHistoryNavigation(): boolean {
    return false;
  }

  get duplex(): 'half' {
    return 'half';
  }

  get body(): ReadableStream<Uint8Array> | null {
    const body = this.#content();
    return body === null ? null : body.toStream();
  }

  get bodyUsed(): boolean {
    return this.#body !== null && this.#body.used;
  }

  clone(): LazyRequest {
    const content = this.#content();
    const clone = new LazyRequest(this.#head, null, this.#site, this.#signals);
    if (content !== null) clone.#body = content.clone();
    clone.#signal = this.#signal;
    if (this.#headers !== null) clone.#headers = headersOfList(headerListOf(this.#headers).copy(), false);
    return clone;
  }

  async text(): Promise<string> {
    const body = this.#content();
    return body === null ? '' : await body.text();
  }

  async json(): Promise<unknown> {
    const body = this.#content();
    return body === null ? JSON.parse('') : await body.json();
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const body = this.#content();
    return body === null ? new Uint8Array(0) : await body.bytes();
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return await (await this.#whole()).blob();
  }

  async formData(): Promise<FormData> {
    return await (await this.#whole()).formData();
  }

  textStream(): ReadableStream<string> {
    return (this.#content() ?? new MessageBody('')).textStream();
  }

  get [Symbol.toStringTag](): string {
    return 'Request';
  }

  #content(): MessageBody | null {
    const incoming = this.#incoming;
    if (incoming !== null) {
      this.#incoming = null;
      const { method } = this.#head;
      if (method !== 'GET' && method !== 'HEAD') this.#body = new MessageBody(incoming);
    }
    return this.#body;
  }

  #whole(): Promise<Response> {
    const body = this.#content() ?? new MessageBody('');
    return body.toPlatform(this.headers.get('content-type'));
  }

  #toPlatform(bodiless: boolean): PlatformRequest {
    const { method, url, signal } = this;
    const content = bodiless ? null : this.#content();
    const headers = this.headers as unknown as globalThis.Headers;
    const init: RequestInit = { method, headers, signal };
    if (content === null) return new (platform().Request)(url, init);
    return new (platform().Request)(url, { ...init, body: content.toWhole(), duplex: 'half' });
  }
}

/**
 * A Request of the platform's own, with the body of this one, which is used then: for what reaches into a Request's insides. One that is
 * the platform's already is given back. `fetch(request)` and `new Request(request)` do it themselves while {@link installGlobals} holds.
 *
 * Errors: a TypeError when the body is used, and for a method that the standard forbids (CONNECT, TRACE).
 *
 * @example
 * ```ts
 * import { toPlatformRequest } from 'pawl/http';
 * const request = new Request('http://example.test/');
 * console.log(toPlatformRequest(request) === request); // true
 * ```
 */
export function toPlatformRequest(request: Request): Request {
  return isLazyRequest(request) ? toReal(request, false) : request;
}

export function isLazyRequest(value: unknown): value is LazyRequest {
  return typeof value === 'object' && value !== null && isOurs(value);
}

/** @internal Without the body, which stays where it is. */
export function toBodilessRequest(request: LazyRequest): Request {
  return toReal(request, true);
}
