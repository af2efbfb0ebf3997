/**
 * Certificates and keys from PEM text, and stores of trusted certificates.
 *
 * What must hold: what is made here is freed by whoever asked for it, once. OpenSSL is always given a passphrase, if an empty one: without any it
 * would ask for it at the terminal.
 */
import { Buffer } from 'node:buffer';
import { getCACertificates } from 'node:tls';
import { PawlError } from '../../error/index.ts';
import { opensslError, takeError } from './failure.ts';
import { openssl } from './functions.ts';

export type Pem = string | Uint8Array;

/** Runs with a memory BIO that holds the text. */
function withText<T>(pem: Pem, use: (bio: bigint) => T): T {
  const { BIO_new, BIO_s_mem, BIO_write, BIO_free, ERR_clear_error } = openssl();
  const bytes = typeof pem === 'string' ? Buffer.from(pem) : pem;
  ERR_clear_error();
  const bio = BIO_new(BIO_s_mem());
  try {
    if (bytes.length > 0) BIO_write(bio, bytes, bytes.length);
    return use(bio);
  } finally {
    BIO_free(bio);
    // What it tried in vain until a decoder fitted.
    ERR_clear_error();
  }
}

/** All certificates of a text, in their order. Throws the code of what cannot be read, BAD_ARGUMENT when there is none. */
export function readCertificates(pem: Pem, what: string): bigint[] {
  const { PEM_read_bio_X509, X509_free } = openssl();
  return withText(pem, (bio) => {
    const found: bigint[] = [];
    for (;;) {
      const certificate = PEM_read_bio_X509(bio, 0n, 0n, '');
      if (certificate === 0n) break;
      found.push(certificate);
    }
    // The text ends with an error, too: no further PEM block begins.
    const error = takeError();
    if (error?.code === 'ERR_OSSL_PEM_NO_START_LINE' && found.length > 0) return found;
    for (const certificate of found) X509_free(certificate);
    if (error?.code === 'ERR_OSSL_PEM_NO_START_LINE') {
      throw new PawlError('BAD_ARGUMENT', `${what} holds no certificate: give PEM text (-----BEGIN CERTIFICATE-----)`);
    }
    // Some damage (an empty line within a block) it refuses without a word.
    throw new PawlError(
      error?.code ?? 'BAD_ARGUMENT',
      `${what} cannot be read: ${error?.reason ?? 'it is no proper PEM'}`,
    );
  });
}

/** A private key. Throws BAD_ARGUMENT when it is none, or the passphrase is not its own. */
export function readKey(pem: Pem, passphrase: string): bigint {
  const { PEM_read_bio_PrivateKey } = openssl();
  return withText(pem, (bio) => {
    const key = PEM_read_bio_PrivateKey(bio, 0n, 0n, passphrase);
    if (key !== 0n) return key;
    const { code, message } = opensslError(
      'the private key cannot be read (PEM text, and its passphrase if it is encrypted)',
    );
    throw new PawlError('BAD_ARGUMENT', `${message} (${code})`);
  });
}

/** A store that trusts the certificates of these texts. */
export function trustStore(pems: readonly Pem[], what: string): bigint {
  const { X509_STORE_new, X509_STORE_add_cert, X509_STORE_free, X509_free } = openssl();
  const store = X509_STORE_new();
  try {
    for (const pem of pems) {
      for (const certificate of readCertificates(pem, what)) {
        X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
      }
    }
  } catch (error) {
    X509_STORE_free(store);
    throw error;
  }
  return store;
}

let roots: { readonly pems: readonly string[]; readonly store: bigint } | null = null;

/**
 * The certificates that Node trusts by default, with what its options, its environment and `setDefaultCACertificates` have made of them. Kept for
 * the life of the thread, since reading them takes milliseconds: nobody else frees this one.
 */
export function defaultStore(): bigint {
  const pems = getCACertificates('default');
  if (roots?.pems !== pems) {
    const store = trustStore(pems, 'the default CA certificates');
    // Connections that use the old one hold references of their own.
    if (roots !== null) openssl().X509_STORE_free(roots.store);
    roots = { pems, store };
  }
  return (roots as { readonly store: bigint }).store;
}
