/**
 * What OpenSSL says of a failure: the error queue, and the results of a certificate's verification, by the names that Node gives them.
 */
import { Buffer } from 'node:buffer';
import { PawlError } from '../../error/index.ts';
import { openssl } from './functions.ts';

const text = Buffer.alloc(256);

/**
 * What the queue says, which is empty then: a code (`ERR_SSL_WRONG_VERSION_NUMBER`, as Node has it) and OpenSSL's words. TLS's own word
 * counts before that of the layers below it, which only say that some primitive has failed; otherwise the earliest.
 */
export function takeError(): { readonly code: string; readonly reason: string } | null {
  const { ERR_get_error, ERR_error_string_n } = openssl();
  let found: { readonly code: string; readonly reason: string } | null = null;
  for (;;) {
    const error = ERR_get_error();
    if (error === 0n) return found;
    ERR_error_string_n(error, text, BigInt(text.length));
    // error:0A00010B:SSL routines::wrong version number
    const [, , library = '', , ...rest] = text.toString('latin1', 0, text.indexOf(0)).split(':');
    const own = library === 'SSL routines';
    if (found !== null && (!own || found.code.startsWith('ERR_SSL_'))) continue;
    const reason = rest.join(':');
    const prefix = own ? 'ERR_SSL' : `ERR_OSSL_${library.replace(/ routines$/, '')}`;
    found = { code: `${prefix}_${reason}`.toUpperCase().replaceAll(' ', '_'), reason };
  }
}

/** The queue's error as one of ours; `what` was done when it came. */
export function opensslError(what: string): PawlError {
  const error = takeError();
  return new PawlError(error?.code ?? 'ERR_SSL_SSL', `${what}: ${error?.reason ?? 'OpenSSL does not say why'}`);
}

/** X509_V_ERR_… of openssl/x509_vfy.h without that prefix, as Node names them too; a mismatch of the name by Node's own code for it. */
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
  24: 'NO_ISSUER_PUBLIC_KEY',
  25: 'PATH_LENGTH_EXCEEDED',
  26: 'INVALID_PURPOSE',
  27: 'CERT_UNTRUSTED',
  28: 'CERT_REJECTED',
  32: 'KEYUSAGE_NO_CERTSIGN',
  34: 'UNHANDLED_CRITICAL_EXTENSION',
  37: 'INVALID_NON_CA',
  39: 'KEYUSAGE_NO_DIGITAL_SIGNATURE',
  41: 'INVALID_EXTENSION',
  47: 'PERMITTED_VIOLATION',
  48: 'EXCLUDED_VIOLATION',
  62: 'ERR_TLS_CERT_ALTNAME_INVALID',
  63: 'ERR_TLS_CERT_ALTNAME_INVALID',
  64: 'ERR_TLS_CERT_ALTNAME_INVALID',
  66: 'EE_KEY_TOO_SMALL',
  67: 'CA_KEY_TOO_SMALL',
  68: 'CA_MD_TOO_WEAK',
  76: 'UNSUPPORTED_SIGNATURE_ALGORITHM',
  77: 'SIGNATURE_ALGORITHM_MISMATCH',
  79: 'INVALID_CA',
  94: 'EC_KEY_EXPLICIT_PARAMS',
};

/** The result of a verification as a code; null when it is good. */
export function verifyCode(result: number): string | null {
  return result === 0 ? null : (VERIFY_CODES[result] ?? `X509_V_ERR_${result}`);
}
