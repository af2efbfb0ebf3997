/**
 * What is said of a handshake that failed: a code, OpenSSL's or Node's own, and a sentence for the one who has to do something about it.
 */
import { X509Certificate } from 'node:crypto';
import type { SocketAddress } from '../../driver/driver.ts';
import type { TlsSession } from '../../driver/tls.ts';
import { PawlError } from '../../error/index.ts';
import { formatAddress } from '../address.ts';

/** Whom a session is with. */
export interface Party {
  readonly side: 'client' | 'server';
  /** Whom the certificate must name, on the client's side. */
  readonly host: string | null;
  readonly peer: SocketAddress;
}

/** OpenSSL's word for any failed verification: the certificate's own code says more. */
const VERIFY_FAILED = 'ERR_SSL_CERTIFICATE_VERIFY_FAILED';

/** By code: what is wrong with the certificate, and what to do. */
const CERTIFICATE: Readonly<Record<string, (certificate: X509Certificate | null) => string>> = {
  CERT_HAS_EXPIRED: (it) =>
    `has expired${it === null ? '' : ` (valid to ${it.validTo})`}: it must be renewed, unless this machine's clock is wrong`,
  CERT_NOT_YET_VALID: (it) =>
    `is not valid yet${it === null ? '' : ` (valid from ${it.validFrom})`}: is this machine's clock right?`,
  DEPTH_ZERO_SELF_SIGNED_CERT: () =>
    'is self-signed, and is not among those that are trusted: if it is the right one, give it as `ca`',
  SELF_SIGNED_CERT_IN_CHAIN: () =>
    'comes from an authority that is not trusted: if it should be, give its root certificate as `ca`',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: issuerUnknown,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: issuerUnknown,
  UNABLE_TO_GET_ISSUER_CERT: issuerUnknown,
  CERT_SIGNATURE_FAILURE: () => 'does not bear a valid signature of its issuer: it has been forged or damaged',
  CERT_CHAIN_TOO_LONG: () => 'has too long a chain of issuers',
  INVALID_CA: () => 'was issued by a certificate that may not issue any',
  PATH_LENGTH_EXCEEDED: () => 'has more issuers between it and its root than the root allows',
  INVALID_PURPOSE: () => 'is not meant for this side of a TLS connection (see its extended key usage)',
  CERT_UNTRUSTED: () => 'is not trusted for this purpose',
  CERT_REJECTED: () => 'is marked to be rejected',
  CERT_REVOKED: () => 'has been revoked',
  EE_KEY_TOO_SMALL: () =>
    'has too small a key: a new one, with a key of at least 2048 bits (RSA) or 224 (EC), is needed',
  CA_KEY_TOO_SMALL: () => 'was issued with too small a key',
  CA_MD_TOO_WEAK: () => 'is signed with a hash function that is too weak',
  PERMITTED_VIOLATION: () => 'names a host that its issuer may not issue for',
  EXCLUDED_VIOLATION: () => 'names a host that its issuer may not issue for',
};

function issuerUnknown(it: X509Certificate | null): string {
  const issuer = it === null ? '' : ` (${it.issuer.replaceAll('\n', ', ')})`;
  return `was issued by somebody who is not known here${issuer}: the server must send the intermediate certificates as well, and the root must be trusted, by default or as \`ca\``;
}

/** By code: what went wrong before any certificate was looked at, or what the peer has refused. */
const HANDSHAKE: readonly (readonly [pattern: RegExp, sentence: string])[] = [
  [/HTTP_REQUEST$/, 'plain HTTP was spoken to a TLS port: the client must use https'],
  [/HTTPS_PROXY_REQUEST$/, 'a proxy request in plain HTTP was spoken to a TLS port'],
  [
    /WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$|RECORD_TOO_SMALL$|RECORD_LAYER_FAILURE$/,
    'what came is not TLS: does the other side speak plain HTTP, or another protocol, on this port?',
  ],
  [
    /ALERT_PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$|VERSION_TOO_LOW$|NO_PROTOCOLS_AVAILABLE$/,
    'the two sides have no version of TLS in common: see `minVersion` and `maxVersion` of both',
  ],
  [
    /NO_SHARED_CIPHER$/,
    "the two sides have no cipher in common (or the certificate's kind of key suits none of the client's)",
  ],
  [
    /ALERT_HANDSHAKE_FAILURE$/,
    'the other side refused: most often there is no cipher, key or version in common, or a client certificate was needed',
  ],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE$/, 'the client gave no certificate, and one is required'],
  [/ALERT_CERTIFICATE_REQUIRED$/, 'the server requires a client certificate: give one as `cert` and `key`'],
  [/ALERT_UNKNOWN_CA$/, 'the other side does not trust the issuer of our certificate'],
  [/ALERT_CERTIFICATE_EXPIRED$/, 'the other side finds our certificate expired'],
  [
    /ALERT_(BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED)$/,
    'the other side refused our certificate',
  ],
  [/NO_APPLICATION_PROTOCOL$/, 'the two sides have no application protocol in common: see `alpn` of both'],
  [/ALERT_UNRECOGNIZED_NAME$|ALERT_UNKNOWN_NAME$/, 'the server does not know the host by this name'],
];

/** The error of a handshake that failed; `error` is what OpenSSL said. */
export function handshakeError(error: unknown, session: TlsSession, party: Party): unknown {
  if (!(error instanceof PawlError)) return error;
  const about = { address: party.peer.host, port: party.peer.port, cause: error };
  if (error.code === VERIFY_FAILED) {
    const code = session.verifyCode ?? error.code;
    return new PawlError(
      code,
      `TLS handshake with ${name(party)}: ${verdict(code, certificateOf(session), party)}`,
      about,
    );
  }
  return new PawlError(error.code, `TLS handshake with ${name(party)}: ${explain(error)}`, about);
}

/** As {@link handshakeError}, for a connection whose handshake was done: in TLS 1.3 a server refuses a client's certificate only then. */
export function transferError(error: unknown, party: Party): unknown {
  if (!(error instanceof PawlError)) return error;
  return new PawlError(error.code, `TLS connection with ${name(party)}: ${explain(error)}`, {
    address: party.peer.host,
    port: party.peer.port,
    cause: error,
  });
}

/** The peer's bytes ended before its word that they are complete (RFC 8446, section 6.1). */
export function truncated(party: Party, when: string): PawlError {
  return new PawlError(
    'TLS_TRUNCATED',
    `${name(party)} ended the connection ${when} without TLS's close_notify: what has come may be incomplete`,
    {
      address: party.peer.host,
      port: party.peer.port,
    },
  );
}

function explain({ code, message }: PawlError): string {
  const sentence = HANDSHAKE.find(([pattern]) => pattern.test(code))?.[1];
  return sentence === undefined ? message : `${sentence} (${code})`;
}

/** Why a certificate was not accepted. */
function verdict(code: string, certificate: X509Certificate | null, { side, host }: Party): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = certificate?.subjectAltName;
    return `the certificate is not for '${host}' but for ${names ?? 'nobody by name (it has no subjectAltName)'}`;
  }
  const whose = side === 'client' ? `the certificate of ${host}` : 'the certificate of the client';
  return `${whose} ${CERTIFICATE[code]?.(certificate) ?? `was not accepted (${code})`}`;
}

function certificateOf(session: TlsSession): X509Certificate | null {
  try {
    const der = session.peerCertificate;
    return der === null ? null : new X509Certificate(der);
  } catch {
    // It is only told of, and OpenSSL has refused it already.
    return null;
  }
}

function name({ host, peer }: Party): string {
  const address = formatAddress(peer);
  return host === null || host === peer.host ? address : `${host} (${address})`;
}
