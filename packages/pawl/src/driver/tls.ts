/**
 * The contract of the TLS engine: TLS without I/O, ciphertext in and out by hand, so that it runs over any world's connections.
 *
 * What must hold:
 * - A session verifies its peer during the handshake, chain, purpose and name, with what the platform's TLS does it with. Nobody checks afterwards.
 * - It keeps no memory of its caller's, and never waits. After a method has thrown, only `take` (an alert may be there to be sent) and
 *   `free` may be called.
 * - Whoever made a session, a context or an identity frees it, once. A session holds what it needs of the others by itself.
 */
import { createRequire } from 'node:module';
import { PawlError } from '../error/index.ts';
import { currentDriver } from './default.ts';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** PEM, as text or its bytes. */
export type Pem = string | Uint8Array;

/** A certificate, its chain after it, and its private key. */
export interface TlsCredentials {
  readonly cert: Pem;
  readonly key: Pem;
  /** Of an encrypted key. */
  readonly passphrase?: string;
}

export interface TlsVersions {
  readonly minVersion?: TlsVersion | undefined;
  readonly maxVersion?: TlsVersion | undefined;
}

export interface TlsClientConfig extends TlsVersions {
  /** Whom the certificate must name: a host name in ASCII, which is sent to the server as well, or a numeric address. */
  readonly host: string;
  readonly verify: boolean;
  /** Instead of the platform's. */
  readonly ca: readonly Pem[] | null;
  readonly identity: TlsIdentity | null;
  readonly alpn: readonly string[];
}

export interface TlsServerConfig extends TlsVersions {
  readonly clients: 'ignore' | 'ask' | 'require';
  readonly ca: readonly Pem[] | null;
}

/** Credentials that have been read and fit together. */
export interface TlsIdentity {
  free(): void;
}

/** What the connections of a server share: the keys of session tickets, whom it trusts. */
export interface TlsServerContext {
  /** `alpn`: the protocol to answer with; null for none; `''` to refuse all that the client offers. */
  session(identity: TlsIdentity, alpn: string | null): TlsSession;
  free(): void;
}

/** What {@link TlsSession.read} gives when it needs more ciphertext. */
export const WANT = -1;

/** One connection's TLS. Errors are PawlErrors whose code is OpenSSL's, by the name that Node gives it. */
export interface TlsSession {
  /** True when the handshake is done, false when it needs more ciphertext. */
  handshake(): boolean;
  /** Ciphertext that has come: the first `count` bytes. */
  put(bytes: Uint8Array, count: number): void;
  /** Ciphertext to send: the number of bytes, 0 when there is no more. */
  take(target: Uint8Array): number;
  /** Decrypted bytes: how many, 0 after the peer's close_notify, or WANT. */
  read(target: Uint8Array): number;
  /** A read would only give WANT. */
  readonly starved: boolean;
  /** Encrypts all of `source`. */
  write(source: Uint8Array): void;
  /** Makes the close_notify. */
  shutdown(): void;
  /** Gives back what memory an idle session does not need. */
  rest(): void;
  free(): void;
  /** What is wrong with the peer's certificate, as a code, or null. */
  readonly verifyCode: string | null;
  /** DER, or null when the peer has none. */
  readonly peerCertificate: Uint8Array | null;
  readonly hasPeerCertificate: boolean;
  readonly alpn: string | null;
  readonly protocol: string;
  readonly cipher: string;
}

export interface TlsEngine {
  client(config: TlsClientConfig): TlsSession;
  server(config: TlsServerConfig): TlsServerContext;
  identity(credentials: TlsCredentials): TlsIdentity;
}

let engine: TlsEngine | null = null;

/** This thread's engine. Throws UNSUPPORTED_PLATFORM or FFI_DENIED where there is none. */
export function tlsEngine(): TlsEngine {
  if (currentDriver().kind === 'sim') {
    throw new PawlError(
      'SIM_REAL_WORLD',
      'TLS in a simulated world: its keys, nonces and signatures come from the real machine, and would be others at each run. Simulate the program without TLS',
    );
  }
  return (engine ??= load());
}

function load(): TlsEngine {
  // As the native driver: whoever only imports the package loads nothing of the system's.
  const name = new URL(import.meta.url).pathname.endsWith('.ts') ? './native/tls.ts' : './native/tls.js';
  return (createRequire(import.meta.url)(name) as typeof import('./native/tls.ts')).nativeTls();
}
