/**
 * What OpenSSL says of a failure: the error queue, and the results of a certificate's verification, by the names that Node gives them.
 */
import { Buffer } from 'node:buffer';
import { PawlError } from '../../error/index.ts';
import { openssl } from './functions.ts';

const text = Buffer.alloc(256);

/** The earliest error of the queue, which is then empty: its code (`ERR_SSL_WRONG_VERSION_NUMBER`, as Node has it) and OpenSSL's words. */
export function takeError(): { readonly code: string; readonly reason: string } | null {
  const { ERR_get_error, ERR_error_string_n, ERR_clear_error } = openssl();
  const error = ERR_get_error();
  if (error === 0n) return null;
  ERR_error_string_n(error, text, BigInt(text.length));
  ERR_clear_error();
  // error:0A00010B:SSL routines::wrong version number
  const [, , library = '', , ...rest] = text.toString('latin1', 0, text.indexOf(0)).split(':');
  const reason = rest.join(':');
  const short = library === 'SSL routines' ? 'SSL' : `OSSL_${library.replace(/ routines$/, '')}`;
  return { code: `ERR_${short}_${reason}`.toUpperCase().replaceAll(' ', '_'), reason };
}

/** The queue's error as one of ours; `what` was done when it came. */
export function opensslError(what: string): PawlError {
  const error = takeError();
  return new PawlError(error?.code ?? 'ERR_SSL_SSL', `${what}: ${error?.reason ?? 'OpenSSL does not say why'}`);
}

/** X509_V_ERR_… of openssl/x509_vfy.h, by Node's names where it has one (src/crypto/crypto_common.cc). */
const VERIFY_CODES: Readonly<Record<number, string>> = {
  2: 'UNABLE_TO_GET_ISSUER_CERT',
  3: 'UNABLE_TO_GET_CRL',
  4: 'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  6: 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  7: 'CERT_SIGNATURE_FAILURE',
  9: 'CERT_NOT_YET_VALID',
  10: 'CERT_HAS_EXPIRED',
  13: 'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  14: 'ERROR_IN_CERT_NOT_AFTER_FIELD',
  17: 'OUT_OF_MEM',
  18: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  19: 'SELF_SIGNED_CERT_IN_CHAIN',
  20: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  21: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  22: 'CERT_CHAIN_TOO_LONG',
  23: 'CERT_REVOKED',
  24: 'INVALID_CA',
  25: 'PATH_LENGTH_EXCEEDED',
  26: 'INVALID_PURPOSE',
  27: 'CERT_UNTRUSTED',
  28: 'CERT_REJECTED',
  47: 'PERMITTED_VIOLATION',
  48: 'EXCLUDED_VIOLATION',
  62: 'ERR_TLS_CERT_ALTNAME_INVALID',
  63: 'ERR_TLS_CERT_ALTNAME_INVALID',
  64: 'ERR_TLS_CERT_ALTNAME_INVALID',
  66: 'EE_KEY_TOO_SMALL',
  67: 'CA_KEY_TOO_SMALL',
  68: 'CA_MD_TOO_WEAK',
};

/** The result of a verification as a code; null when it is good. */
export function verifyCode(result: number): string | null {
  return result === 0 ? null : (VERIFY_CODES[result] ?? `X509_V_ERR_${result}`);
}
