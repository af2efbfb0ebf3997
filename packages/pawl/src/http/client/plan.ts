/**
 * Plan: what a program says of a request, checked once, and the head that it makes.
 *
 * What must hold: a plan is immutable, and nothing that could break a line of the head is in it. What frames a message (Content-Length,
 * Transfer-Encoding, Connection) is ours: a program may announce a length or ask for the connection's end, and nothing else is passed on.
 */
import { PawlError } from '../../error/index.ts';
import { HttpError } from '../error.ts';
import { Fields } from '../fields.ts';
import { checkMethod } from '../wire/encode.ts';
import { Content } from './content.ts';
import type { RequestOptions } from './options.ts';
import type { Target } from './target.ts';

/** What is sent of an encoding's names by default: all that `node:zlib` decodes. */
const ENCODINGS = 'gzip, deflate, br, zstd';
const DEFAULTS = `Accept: */*\r\nAccept-Encoding: ${ENCODINGS}\r\nUser-Agent: pawl\r\n`;

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Of methods that expect content, its absence is told (RFC 9110 8.6). */
const WITH_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What concerns one connection only, or frames the message. */
const OURS = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'expect',
  'upgrade',
];

/** What a request can be told, and what `fetch` tells besides. */
export interface PlanOptions extends RequestOptions {
  /** Content that has been looked at already. */
  readonly content?: Content;
  /** The rules of the Fetch standard hold that are for browsers: bad ports, credentials in the URLs of redirects. */
  readonly standard?: boolean;
}

export class Plan {
  readonly method: string;
  /** The program's own lines, without what is ours; null: none. */
  readonly fields: Fields | null;
  readonly content: Content | null;
  readonly options: PlanOptions;
  /** Content-Length, -1 for chunks; 0 without content. */
  readonly length: number;
  /** The connection ends with the exchange. */
  readonly close: boolean;
  readonly expectContinue: boolean;

  private constructor(
    method: string,
    fields: Fields | null,
    content: Content | null,
    options: PlanOptions,
    length: number,
    close: boolean,
    expectContinue: boolean,
  ) {
    this.method = method;
    this.fields = fields;
    this.content = content;
    this.options = options;
    this.length = length;
    this.close = close;
    this.expectContinue = expectContinue;
  }

  /** A GET with nothing special. */
  static readonly plain: Plan = new Plan('GET', null, null, {}, 0, false, false);

  /** Errors: HTTP_BAD_FIELD, BAD_ARGUMENT. */
  static of(options: PlanOptions): Plan {
    const { method = 'GET', body = null } = options;
    checkMethod(method);
    if (method === 'CONNECT') {
      throw new PawlError(
        'BAD_ARGUMENT',
        'CONNECT makes a tunnel, which no request can: proxies are an option of the client',
      );
    }
    for (const name of ['timeout', 'connectTimeout', 'headTimeout', 'bodyTimeout'] as const)
      checkTime(name, options[name]);
    checkChoices(options);
    let content = options.content ?? (body === null ? null : Content.of(body));
    if (options.trailers !== undefined) {
      if (content === null) throw new PawlError('BAD_ARGUMENT', 'trailers come behind content, and there is none');
      content = content.inPieces();
    }
    const fields = options.headers === undefined ? null : Fields.from(options.headers);
    const told = fields === null ? -1 : lengthOf(fields);
    const close = fields !== null && closes(fields);
    const expect = options.expectContinue ?? /^100-continue$/i.test(fields?.get('expect') ?? '');
    if (fields !== null) for (const name of OURS) fields.delete(name);
    return new Plan(method, fields, content, options, known(content, told), close, content !== null && expect);
  }

  /** Another request of the same kind: where a redirect leads. */
  redirected(method: string, content: Content | null, fields: Fields | null): Plan {
    const { options, close } = this;
    const length = content === null ? 0 : this.length;
    return new Plan(method, fields, content, options, length, close, this.expectContinue && content !== null);
  }

  /** Its head depends on the target alone. */
  private get simple(): boolean {
    return this.method === 'GET' && this.fields === null && this.content === null && this.decompress && !this.close;
  }

  get idempotent(): boolean {
    return IDEMPOTENT.has(this.method) && (this.content === null || this.content.replayable);
  }

  get decompress(): boolean {
    return this.options.decompress !== false;
  }

  /** `proxied`: the whole URL goes into the request line, and so do these lines (RFC 9112 3.2.2). */
  headOf(target: Target, proxied: string | null): string {
    if (this.simple && proxied === null) return (target.plainHead ??= this.makeHead(target, null));
    return this.makeHead(target, proxied);
  }

  private makeHead(target: Target, proxied: string | null): string {
    const { method, fields, content, length } = this;
    const where = proxied === null ? target.path : target.href;
    const host = fields?.get('host') ?? null;
    let head = `${method} ${method === 'OPTIONS' && target.path === '/*' ? '*' : where} HTTP/1.1\r\nHost: ${host ?? target.authority}\r\n`;
    if (fields === null && this.decompress) head += DEFAULTS;
    else head += this.defaults();
    if (target.authorization !== null && fields?.has('authorization') !== true) {
      head += `Authorization: ${target.authorization}\r\n`;
    }
    if (fields !== null) head += linesOf(fields, host);
    if (content !== null) {
      if (content.type !== null && fields?.has('content-type') !== true) head += `Content-Type: ${content.type}\r\n`;
      head += length < 0 ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${length}\r\n`;
      if (this.expectContinue) head += 'Expect: 100-continue\r\n';
    } else if (WITH_CONTENT.has(method)) head += 'Content-Length: 0\r\n';
    if (this.close) head += 'Connection: close\r\n';
    return `${head}${proxied ?? ''}\r\n`;
  }

  /** What is sent unless the program says something else. */
  private defaults(): string {
    const { fields } = this;
    let lines = '';
    if (fields?.has('accept') !== true) lines += 'Accept: */*\r\n';
    if (this.decompress && fields?.has('accept-encoding') !== true) lines += `Accept-Encoding: ${ENCODINGS}\r\n`;
    if (fields?.has('user-agent') !== true) lines += 'User-Agent: pawl\r\n';
    return lines;
  }
}

function linesOf(fields: Fields, host: string | null): string {
  if (host === null) return fields.toText();
  let lines = '';
  for (const [name, value] of fields) if (name.toLowerCase() !== 'host') lines += `${name}: ${value}\r\n`;
  return lines;
}

/** The announced Content-Length, or -1. */
function lengthOf(fields: Fields): number {
  const value = fields.get('content-length');
  if (value === null) return -1;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new HttpError('HTTP_BAD_FIELD', `Content-Length must be a number of bytes, got "${value}" (RFC 9110, 8.6)`);
}

function known(content: Content | null, told: number): number {
  const length = content === null ? 0 : content.length;
  if (told < 0 || told === length) return length;
  if (length < 0) return told;
  throw new HttpError(
    'HTTP_BAD_FIELD',
    `Content-Length says ${told}, and the content has ${length} bytes (RFC 9110, 8.6)`,
  );
}

function closes(fields: Fields): boolean {
  const value = fields.get('connection');
  return value !== null && /(?:^|[,\s])close(?:$|[,\s])/i.test(value);
}

function checkChoices({ redirect = 'follow', maxRedirects = 0, signal = null }: PlanOptions): void {
  if (!['follow', 'manual', 'error'].includes(redirect))
    throw new PawlError('BAD_ARGUMENT', `redirect must be 'follow', 'manual' or 'error', got ${redirect}`);
  if (typeof maxRedirects !== 'number' || !(maxRedirects >= 0))
    throw new PawlError('BAD_ARGUMENT', `maxRedirects must be a number, zero or more, got ${String(maxRedirects)}`);
  if (signal !== null && typeof signal.addEventListener !== 'function')
    throw new PawlError('BAD_ARGUMENT', `signal must be an AbortSignal, got ${typeof signal}`);
}

export function checkTime(name: string, ms: number | undefined): void {
  if (ms === undefined || (typeof ms === 'number' && ms >= 0)) return;
  throw new PawlError('BAD_ARGUMENT', `${name} must be a number of milliseconds, zero or more, got ${String(ms)}`);
}
