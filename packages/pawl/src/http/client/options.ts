/** What a request and a client take. */
import type { TlsClientOptions } from '../../net/tls/options.ts';
import type { FieldsInit } from '../fields.ts';
import type { HeadLimits } from '../wire/limits.ts';
import type { RequestBody } from './content.ts';

/** Milliseconds that a request may take; each ends in TIMEOUT, and stops the work. Infinity waits for ever. */
export interface RequestTimeouts {
  /** For all of it: waiting for a connection, redirects, and the content of the response too. Default Infinity. */
  readonly timeout?: number;
  /** For each connection that is made: the name's lookup, the handshakes, a proxy's answer. Default 10,000. */
  readonly connectTimeout?: number;
  /** From when the server has taken the request to the head of its response; or while it takes nothing more of the request. Default 300,000. */
  readonly headTimeout?: number;
  /** Between two pieces of the response's content, while somebody waits for one. Default 300,000. */
  readonly bodyTimeout?: number;
}

/** How to make a request. */
export interface RequestOptions extends RequestTimeouts {
  /** Default GET. Case counts: it is sent as it is. */
  readonly method?: string;
  /** Sent in their order, after Host and what is sent by default (Accept, Accept-Encoding, User-Agent). */
  readonly headers?: FieldsInit;
  /** Bytes must not change until they have been sent. */
  readonly body?: RequestBody;
  /** Asked for when the content has ended, and sent behind it; the content is sent in chunks then. */
  readonly trailers?: () => FieldsInit;
  /** `follow` redirects (the default), `manual`: give them out as they are, or `error`: fail with REDIRECT_REFUSED. */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** How many are followed before TOO_MANY_REDIRECTS. Default 20. */
  readonly maxRedirects?: number;
  /** Whether to ask for compressed content, and to decompress what comes so: gzip, deflate, br, zstd. Default true. */
  readonly decompress?: boolean;
  /** Wait for the server's 100 (Continue), for a second at most, before content is sent. Default false. */
  readonly expectContinue?: boolean;
  /** Aborts the request, and the content of its response, with the signal's reason. */
  readonly signal?: AbortSignal | null;
}

/** How a client keeps its connections. */
export interface ClientOptions extends Omit<RequestTimeouts, 'timeout'> {
  /** Connections to an origin; further requests wait, first come, first served. Default 128. */
  readonly connections?: number;
  /** How long an idle connection is kept, in ms, unless the server says that it keeps it for less. Default 4000. */
  readonly idleTimeout?: number;
  /** Limits of a response's head: more is HTTP_FIELDS_TOO_LARGE. Default 64 KiB and 1000 lines. */
  readonly limits?: Omit<HeadLimits, 'target'>;
  /**
   * The URL of a proxy for everything, or null for none. Default: what the environment says (HTTP_PROXY, HTTPS_PROXY, NO_PROXY; see
   * `client/proxy.ts`).
   */
  readonly proxy?: string | null;
  /** For https: what to trust, and who we are. The name that the server's certificate must have is the URL's, unless `servername` is given. */
  readonly tls?: Omit<TlsClientOptions, 'alpn'>;
}

/** A client's settings, complete and checked. */
export interface Settings extends Required<Omit<RequestTimeouts, 'timeout'>> {
  readonly connections: number;
  readonly idleTimeout: number;
  readonly limits: HeadLimits;
  readonly tls: Omit<TlsClientOptions, 'alpn'>;
}
