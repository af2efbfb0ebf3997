/**
 * SSL_CTX: what the sessions of a side share. There is one for all clients of a thread (making one takes 60 µs, as much as a tenth of a handshake), and one
 * for each server, because it holds the keys of its session tickets. Everything else is set on the session.
 */
import { Buffer } from 'node:buffer';
import { DEFAULT_CIPHERS } from 'node:tls';
import { opensslError } from './failure.ts';
import { openssl } from './functions.ts';

// From openssl/ssl.h.
const CTRL_MODE = 33;
const CTRL_SET_SESS_CACHE_MODE = 44;
/** Sends what certificates it was given, and does not look for more among those that are trusted. */
const MODE_NO_AUTO_CHAIN = 0x8n;
/** An idle connection holds no buffers for records: 34 KiB each otherwise. */
const MODE_RELEASE_BUFFERS = 0x10n;
const OP_NO_COMPRESSION = 1n << 17n;
const OP_CIPHER_SERVER_PREFERENCE = 1n << 22n;
const OP_NO_RENEGOTIATION = 1n << 30n;
const SESS_CACHE_OFF = 0n;

/** A new context, to be freed by SSL_CTX_free. */
export function newContext(side: 'client' | 'server'): bigint {
  const ssl = openssl();
  const context = ssl.SSL_CTX_new(side === 'client' ? ssl.TLS_client_method() : ssl.TLS_server_method());
  if (context === 0n) throw opensslError('TLS cannot be set up');
  ssl.SSL_CTX_ctrl(context, CTRL_MODE, MODE_NO_AUTO_CHAIN | MODE_RELEASE_BUFFERS, 0n);
  ssl.SSL_CTX_set_options(context, OP_NO_COMPRESSION | OP_CIPHER_SERVER_PREFERENCE | OP_NO_RENEGOTIATION);
  // Resumption is by tickets, which the client keeps: the server need not remember anything.
  ssl.SSL_CTX_ctrl(context, CTRL_SET_SESS_CACHE_MODE, SESS_CACHE_OFF, 0n);
  // Node's list, which its options may have changed, has those of TLS 1.3 and the others in one.
  const suites = DEFAULT_CIPHERS.split(':');
  ssl.SSL_CTX_set_ciphersuites(context, suites.filter((name) => name.startsWith('TLS_')).join(':'));
  ssl.SSL_CTX_set_cipher_list(context, suites.filter((name) => !name.startsWith('TLS_')).join(':'));
  // A ticket is taken back only by the kind of server that gave it.
  const id = Buffer.from('pawl');
  ssl.SSL_CTX_set_session_id_context(context, id, id.length);
  return context;
}

let clients = 0n;

/** The one for this thread's clients. */
export function clientContext(): bigint {
  if (clients === 0n) clients = newContext('client');
  return clients;
}
