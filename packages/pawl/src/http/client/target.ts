/**
 * Target: where a request goes, taken apart once.
 *
 * What must hold: it is immutable but for what it remembers for speed, and shared by all requests to the same text: parsing a URL costs more
 * than everything else that a small request does in JavaScript.
 */
import { Buffer } from 'node:buffer';
import { PawlError } from '../../error/index.ts';
import { checkTarget } from '../wire/encode.ts';
import type { Origin } from './origin.ts';

/** Texts that are remembered. When there are more, all are forgotten: they are cheap to have again. */
const MOST = 1024;
const known = new Map<string, Target>();

export class Target {
  /** Without a fragment. */
  readonly href: string;
  /** `#` and what follows, or nothing. */
  readonly fragment: string;
  readonly secure: boolean;
  /** To connect to: an IPv6 address has no brackets. */
  readonly host: string;
  readonly port: number;
  /** As a Host field has it. */
  readonly authority: string;
  /** `https://host:port`: what may share connections. */
  readonly key: string;
  /** Path and query. */
  readonly path: string;
  /** The value of an Authorization field, from the user and password that the URL had. */
  readonly authorization: string | null;
  /** @internal What was found for it last. */
  origin: Origin | null = null;
  /** @internal The head of a GET to it with nothing special. */
  plainHead: string | null = null;

  constructor(url: URL) {
    this.secure = url.protocol === 'https:';
    if (!this.secure && url.protocol !== 'http:') {
      throw new PawlError('BAD_URL', `only http: and https: URLs can be requested, not ${url.protocol}`);
    }
    const { hostname } = url;
    this.fragment = url.hash;
    this.host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    this.port = url.port === '' ? (this.secure ? 443 : 80) : Number(url.port);
    this.authority = url.host;
    this.key = `${url.protocol}//${hostname}:${this.port}`;
    // Not pathname and search: they have forgotten a lone question mark.
    const { href } = url;
    this.path = href.slice(href.indexOf('/', url.protocol.length + 2), href.length - url.hash.length);
    checkTarget(this.path);
    this.href = `${url.origin}${this.path}`;
    this.authorization = authorizationOf(url.username, url.password);
  }

  /** Error: BAD_URL. */
  static of(url: string | URL): Target {
    if (typeof url !== 'string') return Target.ofUrl(url);
    const target = known.get(url);
    if (target !== undefined) return target;
    const made = Target.ofUrl(url);
    if (known.size >= MOST) known.clear();
    known.set(url, made);
    return made;
  }

  private static ofUrl(url: string | URL): Target {
    const parsed = url instanceof URL ? url : URL.parse(url);
    if (parsed === null) throw new PawlError('BAD_URL', `not an absolute URL: ${show(url)}`);
    return new Target(parsed);
  }

  /** What a Location field leads to, with this one's fragment if it has none of its own (RFC 9110 10.2.2). Error: BAD_URL. */
  resolve(location: string): Target {
    // On the wire it is bytes: those beyond ASCII are UTF-8, wherever they mean anything (the Fetch standard, "location URL").
    const parsed = URL.parse(Buffer.from(location, 'latin1').toString('utf8'), this.href);
    if (parsed === null) throw new PawlError('BAD_URL', `the redirect of ${this.href} leads to no URL`);
    if (parsed.hash === '') parsed.hash = this.fragment;
    return new Target(parsed);
  }

  /** Whether credentials for one may go to the other. */
  sameOrigin(other: Target): boolean {
    return this.key === other.key;
  }
}

/** RFC 7617 2. */
function authorizationOf(user: string, password: string): string | null {
  if (user === '' && password === '') return null;
  return basic(decode(user), decode(password));
}

/** The value of a field with the credentials of the Basic scheme. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** For a message: a short beginning, without what may be a password. */
function show(url: unknown): string {
  if (typeof url !== 'string') return typeof url;
  return JSON.stringify(url.length > 60 ? `${url.slice(0, 60)}…` : url).replace(/\/\/[^/]*@/, '//…@');
}
