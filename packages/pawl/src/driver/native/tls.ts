/** The TLS engine over the OpenSSL that Node carries. */
import { isIP } from 'node:net';
import * as tls from 'node:tls';
import { PawlError } from '../../error/index.ts';
import { alpnAnswer } from '../../sys/ssl/alpn.ts';
import { callbacks } from '../../sys/ssl/callbacks.ts';
import { clientContext, newContext } from '../../sys/ssl/context.ts';
import { opensslError } from '../../sys/ssl/failure.ts';
import { openssl } from '../../sys/ssl/functions.ts';
import { defaultStore, readCertificates, readKey, trustStore } from '../../sys/ssl/pem.ts';
import { SslSession } from '../../sys/ssl/session.ts';
import type {
  Pem,
  TlsClientConfig,
  TlsCredentials,
  TlsEngine,
  TlsIdentity,
  TlsServerConfig,
  TlsServerContext,
  TlsSession,
  TlsVersions,
} from '../tls.ts';

// From openssl/ssl.h, tls1.h and x509v3.h.
const CTRL_SET_TLSEXT_HOSTNAME = 55;
const CTRL_CHAIN_CERT = 89;
const CTRL_SET_VERIFY_CERT_STORE = 106;
const CTRL_SET_MIN_PROTO_VERSION = 123;
const CTRL_SET_MAX_PROTO_VERSION = 124;
const VERIFY_PEER = 1;
const VERIFY_FAIL_IF_NO_PEER_CERT = 2;
const CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
/** RFC 9525, section 2: a name stands in subjectAltName, and the subject's common name counts for nothing. */
const CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;

const VERSIONS: Readonly<Record<string, bigint>> = {
  TLSv1: 0x0301n,
  'TLSv1.1': 0x0302n,
  'TLSv1.2': 0x0303n,
  'TLSv1.3': 0x0304n,
};

class Identity implements TlsIdentity {
  readonly certificates: readonly bigint[];
  readonly key: bigint;
  private freed = false;

  constructor({ cert, key, passphrase = '' }: TlsCredentials) {
    this.certificates = readCertificates(cert, 'cert');
    try {
      this.key = readKey(key, passphrase);
    } catch (error) {
      this.freeCertificates();
      throw error;
    }
    // Now, not with the first connection: whether the two belong together.
    const trial = new SslSession(clientContext());
    try {
      this.use(trial);
    } catch (error) {
      this.free();
      throw error;
    } finally {
      trial.free();
    }
  }

  /** Shows these to the session's peer. */
  use({ ssl }: SslSession): void {
    const { SSL_use_certificate, SSL_use_PrivateKey, SSL_ctrl, ERR_clear_error } = openssl();
    if (this.freed) throw new PawlError('CLOSED', 'these credentials have been freed');
    ERR_clear_error();
    const [own, ...chain] = this.certificates as readonly [bigint, ...bigint[]];
    if (SSL_use_certificate(ssl, own) !== 1) throw opensslError('the certificate cannot be used');
    for (const certificate of chain) SSL_ctrl(ssl, CTRL_CHAIN_CERT, 1n, certificate);
    if (SSL_use_PrivateKey(ssl, this.key) !== 1)
      throw opensslError('the private key does not belong to the certificate');
  }

  free(): void {
    if (this.freed) return;
    this.freed = true;
    this.freeCertificates();
    openssl().EVP_PKEY_free(this.key);
  }

  private freeCertificates(): void {
    for (const certificate of this.certificates) openssl().X509_free(certificate);
  }
}

class ServerContext implements TlsServerContext {
  private readonly config: TlsServerConfig;
  private readonly context: bigint;
  private freed = false;

  constructor(config: TlsServerConfig) {
    const { SSL_CTX_set_alpn_select_cb, SSL_CTX_add_client_CA, X509_free } = openssl();
    this.config = config;
    this.context = newContext('server');
    SSL_CTX_set_alpn_select_cb(this.context, callbacks().answer, alpnAnswer().block);
    if (config.clients === 'ignore' || config.ca === null) return;
    try {
      // Whose certificates are welcome, for clients that have several.
      for (const certificate of config.ca.flatMap((pem) => readCertificates(pem, 'ca'))) {
        SSL_CTX_add_client_CA(this.context, certificate);
        X509_free(certificate);
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  session(identity: TlsIdentity, alpn: string | null): TlsSession {
    if (this.freed) throw new PawlError('CLOSED', 'the listener has been closed');
    const session = new SslSession(this.context, alpn);
    try {
      const { clients, ca } = this.config;
      setVersions(session, this.config);
      (identity as Identity).use(session);
      if (clients !== 'ignore') {
        trust(session, ca);
        // Who only asks takes a certificate that is not good, too: what is wrong is the verification's result all the same.
        if (clients === 'ask') openssl().SSL_set_verify(session.ssl, VERIFY_PEER, callbacks().proceed);
        else openssl().SSL_set_verify(session.ssl, VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, 0n);
      }
      return session;
    } catch (error) {
      session.free();
      throw error;
    }
  }

  free(): void {
    if (this.freed) return;
    this.freed = true;
    openssl().SSL_CTX_free(this.context);
  }
}

function clientSession(config: TlsClientConfig): TlsSession {
  const { SSL_set_verify, SSL_set_alpn_protos } = openssl();
  const session = new SslSession(clientContext());
  try {
    setVersions(session, config);
    trust(session, config.ca);
    expectHost(session, config.host);
    // Without VERIFY_PEER the chain and the name are looked at all the same, and the result is there to be asked for.
    SSL_set_verify(session.ssl, config.verify ? VERIFY_PEER : 0, 0n);
    (config.identity as Identity | null)?.use(session);
    if (config.alpn.length > 0) {
      const list = Buffer.concat(
        config.alpn.map((name) => Buffer.from(`${String.fromCharCode(name.length)}${name}`, 'latin1')),
      );
      // 0 is success, unlike everywhere else.
      if (SSL_set_alpn_protos(session.ssl, list, list.length) !== 0) throw opensslError('the ALPN list cannot be set');
    }
    return session;
  } catch (error) {
    session.free();
    throw error;
  }
}

/** Sends the host's name, and has the handshake fail unless the certificate is for it. */
function expectHost({ ssl }: SslSession, host: string): void {
  const { SSL_get0_param, SSL_ctrl_string, ...param } = openssl();
  const parameters = SSL_get0_param(ssl);
  param.X509_VERIFY_PARAM_set_hostflags(parameters, CHECK_FLAG_NO_PARTIAL_WILDCARDS | CHECK_FLAG_NEVER_CHECK_SUBJECT);
  let set: number;
  if (isIP(host) === 0) {
    const name = Buffer.from(host, 'latin1');
    set = param.X509_VERIFY_PARAM_set1_host(parameters, name, BigInt(name.length));
    // RFC 6066, section 3: a name only, never an address.
    if (set === 1) set = Number(SSL_ctrl_string(ssl, CTRL_SET_TLSEXT_HOSTNAME, 0n, host));
  } else set = param.X509_VERIFY_PARAM_set1_ip_asc(parameters, host);
  if (set !== 1)
    throw new PawlError('BAD_ADDRESS', `a certificate cannot be checked for the host '${host}'`, { address: host });
}

function trust({ ssl }: SslSession, ca: readonly Pem[] | null): void {
  const { SSL_ctrl, X509_STORE_free } = openssl();
  const store = ca === null ? defaultStore() : trustStore(ca, 'ca');
  // 1: the session takes a reference of its own.
  const set = SSL_ctrl(ssl, CTRL_SET_VERIFY_CERT_STORE, 1n, store);
  if (ca !== null) X509_STORE_free(store);
  if (set !== 1n) throw opensslError('the trusted certificates cannot be set');
}

function setVersions({ ssl }: SslSession, { minVersion, maxVersion }: TlsVersions): void {
  const { SSL_ctrl } = openssl();
  SSL_ctrl(ssl, CTRL_SET_MIN_PROTO_VERSION, VERSIONS[minVersion ?? tls.DEFAULT_MIN_VERSION] as bigint, 0n);
  SSL_ctrl(ssl, CTRL_SET_MAX_PROTO_VERSION, VERSIONS[maxVersion ?? tls.DEFAULT_MAX_VERSION] as bigint, 0n);
}

export function nativeTls(): TlsEngine {
  // Everything is found now, or nothing.
  openssl();
  return {
    client: clientSession,
    server: (config) => new ServerContext(config),
    identity: (credentials) => new Identity(credentials),
  };
}
