/**
 * The functions of the OpenSSL that Node carries, bound when TLS is first used.
 *
 * They are public functions and documented constants of OpenSSL 3, whose binary interface is stable through that major version; Node exports
 * them for native addons, and a Node that is built against a shared OpenSSL has loaded it. A pointer is a BigInt, 0n is NULL.
 *
 * What must hold: none of them is given memory that C keeps after the call. The error queue belongs to the operating system's thread, and Node's own
 * cryptography uses it too: it is cleared before each call whose failure is looked up there, and left empty.
 */
import { PawlError } from '../../error/index.ts';
import { openLibrary, type Signature } from '../ffi/index.ts';

/** An address in C's memory. */
type Pointer = bigint;

/** As OpenSSL's manual pages have them. */
interface Functions {
  readonly OpenSSL_version_num: () => bigint;
  readonly CRYPTO_malloc: (size: bigint, file: string, line: number) => Pointer;
  readonly ERR_clear_error: () => void;
  readonly ERR_get_error: () => bigint;
  readonly ERR_error_string_n: (error: bigint, target: Uint8Array, size: bigint) => void;

  readonly BIO_s_mem: () => Pointer;
  readonly BIO_new: (method: Pointer) => Pointer;
  readonly BIO_free: (bio: Pointer) => number;
  readonly BIO_read: (bio: Pointer, target: Uint8Array, size: number) => number;
  readonly BIO_write: (bio: Pointer, source: Uint8Array, size: number) => number;

  readonly PEM_read_bio_X509: (bio: Pointer, into: Pointer, callback: Pointer, passphrase: string) => Pointer;
  readonly PEM_read_bio_PrivateKey: (bio: Pointer, into: Pointer, callback: Pointer, passphrase: string) => Pointer;
  readonly X509_free: (certificate: Pointer) => void;
  readonly i2d_X509_bio: (bio: Pointer, certificate: Pointer) => number;
  readonly EVP_PKEY_free: (key: Pointer) => void;
  readonly X509_STORE_new: () => Pointer;
  readonly X509_STORE_add_cert: (store: Pointer, certificate: Pointer) => number;
  readonly X509_STORE_free: (store: Pointer) => void;
  readonly X509_VERIFY_PARAM_set1_host: (param: Pointer, name: Uint8Array, length: bigint) => number;
  readonly X509_VERIFY_PARAM_set1_ip_asc: (param: Pointer, address: string) => number;
  readonly X509_VERIFY_PARAM_set_hostflags: (param: Pointer, flags: number) => void;

  readonly TLS_client_method: () => Pointer;
  readonly TLS_server_method: () => Pointer;
  readonly SSL_CTX_new: (method: Pointer) => Pointer;
  readonly SSL_CTX_free: (context: Pointer) => void;
  readonly SSL_CTX_ctrl: (context: Pointer, command: number, larg: bigint, parg: Pointer) => bigint;
  readonly SSL_CTX_set_options: (context: Pointer, options: bigint) => bigint;
  readonly SSL_CTX_set_cipher_list: (context: Pointer, list: string) => number;
  readonly SSL_CTX_set_ciphersuites: (context: Pointer, list: string) => number;
  readonly SSL_CTX_set_session_id_context: (context: Pointer, id: Uint8Array, length: number) => number;
  readonly SSL_CTX_set_alpn_select_cb: (context: Pointer, callback: Pointer, argument: Pointer) => void;
  readonly SSL_CTX_add_client_CA: (context: Pointer, certificate: Pointer) => number;

  readonly SSL_new: (context: Pointer) => Pointer;
  readonly SSL_free: (ssl: Pointer) => void;
  readonly SSL_set_bio: (ssl: Pointer, input: Pointer, output: Pointer) => void;
  readonly SSL_set0_rbio: (ssl: Pointer, input: Pointer) => void;
  readonly SSL_set0_wbio: (ssl: Pointer, output: Pointer) => void;
  readonly SSL_ctrl: (ssl: Pointer, command: number, larg: bigint, parg: Pointer) => bigint;
  readonly SSL_set_connect_state: (ssl: Pointer) => void;
  readonly SSL_set_accept_state: (ssl: Pointer) => void;
  readonly SSL_set_verify: (ssl: Pointer, mode: number, callback: Pointer) => void;
  readonly SSL_get0_param: (ssl: Pointer) => Pointer;
  readonly SSL_set_alpn_protos: (ssl: Pointer, list: Uint8Array, length: number) => number;
  readonly SSL_use_certificate: (ssl: Pointer, certificate: Pointer) => number;
  readonly SSL_use_PrivateKey: (ssl: Pointer, key: Pointer) => number;
  readonly SSL_do_handshake: (ssl: Pointer) => number;
  readonly SSL_read: (ssl: Pointer, target: Uint8Array, size: number) => number;
  readonly SSL_write: (ssl: Pointer, source: Uint8Array, size: number) => number;
  readonly SSL_shutdown: (ssl: Pointer) => number;
  readonly SSL_get_error: (ssl: Pointer, result: number) => number;
  readonly SSL_get_verify_result: (ssl: Pointer) => bigint;
  readonly SSL_get1_peer_certificate: (ssl: Pointer) => Pointer;
  readonly SSL_get_peer_cert_chain: (ssl: Pointer) => Pointer;
  readonly OPENSSL_sk_value: (stack: Pointer, index: number) => Pointer;
  readonly SSL_version: (ssl: Pointer) => number;
  readonly SSL_get_current_cipher: (ssl: Pointer) => Pointer;
  readonly SSL_CIPHER_description: (cipher: Pointer, target: Uint8Array, size: number) => Pointer;
  readonly SSL_get0_alpn_selected: (ssl: Pointer, name: Uint8Array, length: Uint8Array) => void;
}

export interface OpenSsl extends Functions {
  /** `SSL_ctrl` with a string as its last argument. */
  readonly SSL_ctrl_string: (ssl: Pointer, command: number, larg: bigint, text: string) => bigint;
}

// The same once more, for node:ffi.
const P = 'uint64'; // a pointer
const I = 'int32';
const L = 'int64'; // a C long
const V = 'void';

const FUNCTIONS = {
  OpenSSL_version_num: { return: P, arguments: [] },
  CRYPTO_malloc: { return: P, arguments: [P, 'string', I] },
  ERR_clear_error: { return: V, arguments: [] },
  ERR_get_error: { return: P, arguments: [] },
  ERR_error_string_n: { return: V, arguments: [P, 'buffer', P] },

  BIO_s_mem: { return: P, arguments: [] },
  BIO_new: { return: P, arguments: [P] },
  BIO_free: { return: I, arguments: [P] },
  BIO_read: { return: I, arguments: [P, 'buffer', I] },
  BIO_write: { return: I, arguments: [P, 'buffer', I] },

  PEM_read_bio_X509: { return: P, arguments: [P, P, P, 'string'] },
  PEM_read_bio_PrivateKey: { return: P, arguments: [P, P, P, 'string'] },
  X509_free: { return: V, arguments: [P] },
  i2d_X509_bio: { return: I, arguments: [P, P] },
  EVP_PKEY_free: { return: V, arguments: [P] },
  X509_STORE_new: { return: P, arguments: [] },
  X509_STORE_add_cert: { return: I, arguments: [P, P] },
  X509_STORE_free: { return: V, arguments: [P] },
  X509_VERIFY_PARAM_set1_host: { return: I, arguments: [P, 'buffer', P] },
  X509_VERIFY_PARAM_set1_ip_asc: { return: I, arguments: [P, 'string'] },
  X509_VERIFY_PARAM_set_hostflags: { return: V, arguments: [P, 'uint32'] },

  TLS_client_method: { return: P, arguments: [] },
  TLS_server_method: { return: P, arguments: [] },
  SSL_CTX_new: { return: P, arguments: [P] },
  SSL_CTX_free: { return: V, arguments: [P] },
  SSL_CTX_ctrl: { return: L, arguments: [P, I, L, P] },
  SSL_CTX_set_options: { return: P, arguments: [P, P] },
  SSL_CTX_set_cipher_list: { return: I, arguments: [P, 'string'] },
  SSL_CTX_set_ciphersuites: { return: I, arguments: [P, 'string'] },
  SSL_CTX_set_session_id_context: { return: I, arguments: [P, 'buffer', 'uint32'] },
  SSL_CTX_set_alpn_select_cb: { return: V, arguments: [P, P, P] },
  SSL_CTX_add_client_CA: { return: I, arguments: [P, P] },

  SSL_new: { return: P, arguments: [P] },
  SSL_free: { return: V, arguments: [P] },
  SSL_set_bio: { return: V, arguments: [P, P, P] },
  SSL_set0_rbio: { return: V, arguments: [P, P] },
  SSL_set0_wbio: { return: V, arguments: [P, P] },
  SSL_ctrl: { return: L, arguments: [P, I, L, P] },
  SSL_set_connect_state: { return: V, arguments: [P] },
  SSL_set_accept_state: { return: V, arguments: [P] },
  SSL_set_verify: { return: V, arguments: [P, I, P] },
  SSL_get0_param: { return: P, arguments: [P] },
  SSL_set_alpn_protos: { return: I, arguments: [P, 'buffer', 'uint32'] },
  SSL_use_certificate: { return: I, arguments: [P, P] },
  SSL_use_PrivateKey: { return: I, arguments: [P, P] },
  SSL_do_handshake: { return: I, arguments: [P] },
  SSL_read: { return: I, arguments: [P, 'buffer', I] },
  SSL_write: { return: I, arguments: [P, 'buffer', I] },
  SSL_shutdown: { return: I, arguments: [P] },
  SSL_get_error: { return: I, arguments: [P, I] },
  SSL_get_verify_result: { return: L, arguments: [P] },
  SSL_get1_peer_certificate: { return: P, arguments: [P] },
  SSL_get_peer_cert_chain: { return: P, arguments: [P] },
  OPENSSL_sk_value: { return: P, arguments: [P, I] },
  SSL_version: { return: I, arguments: [P] },
  SSL_get_current_cipher: { return: P, arguments: [P] },
  SSL_CIPHER_description: { return: P, arguments: [P, 'buffer', I] },
  SSL_get0_alpn_selected: { return: V, arguments: [P, 'buffer', 'buffer'] },
} satisfies Record<keyof Functions, Signature>;

let bound: OpenSsl | null = null;

/** Throws UNSUPPORTED_PLATFORM where Node does not show its OpenSSL, or has another library in its place; FFI_DENIED. */
export function openssl(): OpenSsl {
  return (bound ??= bind());
}

function bind(): OpenSsl {
  let functions: Functions;
  let withText: { readonly SSL_ctrl: OpenSsl['SSL_ctrl_string'] };
  try {
    functions = openLibrary(null, FUNCTIONS);
    withText = openLibrary(null, { SSL_ctrl: { return: L, arguments: [P, I, L, 'string'] } });
  } catch (error) {
    if (error instanceof PawlError) throw error;
    throw new PawlError('UNSUPPORTED_PLATFORM', 'TLS needs a Node whose OpenSSL can be called: this one hides it', {
      cause: error,
    });
  }
  const major = Number(functions.OpenSSL_version_num() >> 28n);
  if (major !== 3) {
    throw new PawlError('UNSUPPORTED_PLATFORM', `TLS needs OpenSSL 3, this Node has ${process.versions['openssl']}`);
  }
  return { ...functions, SSL_ctrl_string: withText.SSL_ctrl };
}
