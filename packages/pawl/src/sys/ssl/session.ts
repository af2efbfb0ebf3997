/**
 * SSL: one connection's TLS between two buffers in memory (BIOs), one for the ciphertext that has come and one for what is to be sent.
 *
 * What must hold: nothing is called on a session that has been freed, or, but for `take`, on one that has failed (SSL_get_error(3)).
 */
import { Buffer } from 'node:buffer';
import { PawlError } from '../../error/index.ts';
import { alpnAnswer } from './alpn.ts';
import { opensslError, verifyCode } from './failure.ts';
import { openssl, type OpenSsl } from './functions.ts';
import { copyIn } from '../copy.ts';
import { RecordCounter } from './records.ts';

// From openssl/ssl.h.
const ERROR_WANT_READ = 2;
const ERROR_ZERO_RETURN = 6;
const PROTOCOLS: Readonly<Record<number, string>> = {
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  0x0304: 'TLSv1.3',
};

const WANT = -1;

/** A buffer that has held more is made anew when the session rests: it never shrinks by itself. */
const SMALL = 4096;

const pointer = Buffer.alloc(8);
const length = Buffer.alloc(4);
const text = Buffer.alloc(256);

export class SslSession {
  /** The SSL*; 0n once freed. */
  readonly ssl: bigint;
  private readonly calls: OpenSsl;
  /** A server's answer to ALPN; undefined for a client. */
  private readonly answer: string | null | undefined;
  private input: bigint;
  private output: bigint;
  private inputHeld = 0;
  private outputHeld = 0;
  private readonly records = new RecordCounter();
  private usable = true;
  private freed = false;

  /** Of a context, which it holds by a reference of its own. */
  constructor(context: bigint, answer?: string | null) {
    const ssl = openssl();
    this.calls = ssl;
    this.answer = answer;
    this.ssl = ssl.SSL_new(context);
    if (this.ssl === 0n) throw opensslError('a TLS session cannot be set up');
    this.input = ssl.BIO_new(ssl.BIO_s_mem());
    this.output = ssl.BIO_new(ssl.BIO_s_mem());
    // From here on they are the session's.
    ssl.SSL_set_bio(this.ssl, this.input, this.output);
    if (answer === undefined) ssl.SSL_set_connect_state(this.ssl);
    else ssl.SSL_set_accept_state(this.ssl);
  }

  handshake(): boolean {
    if (this.answer !== undefined) alpnAnswer().set(this.answer);
    this.begin();
    const result = this.calls.SSL_do_handshake(this.ssl);
    const done = result === 1 || this.judge(result, 'the handshake failed') !== WANT;
    this.calls.ERR_clear_error();
    return done;
  }

  put(bytes: Uint8Array, count: number): void {
    if (this.calls.BIO_write(this.input, bytes, count) !== count) throw outOfMemory();
    if (count > this.inputHeld) this.inputHeld = count;
    this.records.take(bytes, count);
  }

  take(target: Uint8Array): number {
    if (this.freed) return 0;
    const count = this.calls.BIO_read(this.output, target, target.length);
    if (count <= 0) return 0;
    if (count > this.outputHeld) this.outputHeld = count;
    return count;
  }

  read(target: Uint8Array): number {
    this.begin();
    const count = this.calls.SSL_read(this.ssl, target, target.length);
    const { records } = this;
    if (count > 0) {
      // A read that comes back short has emptied its record.
      if (count < target.length && records.complete > 0) records.complete--;
      return count;
    }
    records.complete = 0;
    return this.judge(count, 'what the peer sent cannot be decrypted');
  }

  get starved(): boolean {
    return this.records.complete === 0;
  }

  write(source: Uint8Array): void {
    this.begin();
    const count = this.calls.SSL_write(this.ssl, source, source.length);
    if (count === source.length) return;
    if (count > 0 || this.judge(count, 'nothing can be encrypted') <= 0) throw outOfMemory();
  }

  shutdown(): void {
    if (!this.usable || this.freed) return;
    this.begin();
    // 0: sent; 1: the peer's has come before. Before the end of the handshake there is nothing to shut down, which is an error to OpenSSL.
    this.calls.SSL_shutdown(this.ssl);
    this.calls.ERR_clear_error();
  }

  rest(): void {
    // A part of a record may be there, which nobody has tried to read.
    if (this.inputHeld > SMALL && this.records.empty) {
      this.input = this.calls.BIO_new(this.calls.BIO_s_mem());
      this.calls.SSL_set0_rbio(this.ssl, this.input);
      this.inputHeld = 0;
    }
    if (this.outputHeld > SMALL) {
      this.output = this.calls.BIO_new(this.calls.BIO_s_mem());
      this.calls.SSL_set0_wbio(this.ssl, this.output);
      this.outputHeld = 0;
    }
  }

  free(): void {
    if (this.freed) return;
    this.freed = true;
    this.usable = false;
    this.calls.SSL_free(this.ssl);
  }

  get verifyCode(): string | null {
    this.alive();
    return verifyCode(Number(this.calls.SSL_get_verify_result(this.ssl)));
  }

  get peerCertificate(): Uint8Array | null {
    this.alive();
    const { SSL_get1_peer_certificate, BIO_new, BIO_s_mem, BIO_read, BIO_free, i2d_X509_bio, X509_free } = this.calls;
    const own = SSL_get1_peer_certificate(this.ssl);
    const certificate = own === 0n ? this.refusedCertificate() : own;
    if (certificate === 0n) return null;
    const bio = BIO_new(BIO_s_mem());
    try {
      i2d_X509_bio(bio, certificate);
      const pieces: Buffer[] = [];
      for (;;) {
        const piece = Buffer.allocUnsafe(4096);
        const count = BIO_read(bio, piece, piece.length);
        if (count <= 0) return Buffer.concat(pieces);
        pieces.push(piece.subarray(0, count));
      }
    } finally {
      BIO_free(bio);
      X509_free(own);
    }
  }

  get hasPeerCertificate(): boolean {
    this.alive();
    const certificate = this.calls.SSL_get1_peer_certificate(this.ssl);
    if (certificate === 0n) return false;
    this.calls.X509_free(certificate);
    return true;
  }

  get alpn(): string | null {
    this.alive();
    this.calls.SSL_get0_alpn_selected(this.ssl, pointer, length);
    const count = length.readUInt32LE(0);
    if (count === 0) return null;
    copyIn(text, pointer.readBigUInt64LE(0), count);
    return text.toString('latin1', 0, count);
  }

  get protocol(): string {
    this.alive();
    const version = this.calls.SSL_version(this.ssl);
    return PROTOCOLS[version] ?? `0x${version.toString(16)}`;
  }

  get cipher(): string {
    this.alive();
    const cipher = this.calls.SSL_get_current_cipher(this.ssl);
    if (cipher === 0n || this.calls.SSL_CIPHER_description(cipher, text, text.length) === 0n) return '';
    // A line of columns, the name first.
    return text.toString('latin1', 0, text.indexOf(' '));
  }

  /** The first of the chain that a server has shown, which is there before it has been accepted. It stays the session's. */
  private refusedCertificate(): bigint {
    const chain = this.calls.SSL_get_peer_cert_chain(this.ssl);
    return this.answer !== undefined || chain === 0n ? 0n : this.calls.OPENSSL_sk_value(chain, 0);
  }

  private begin(): void {
    if (!this.usable) throw new PawlError('CLOSED', 'the TLS session has ended');
    this.calls.ERR_clear_error();
  }

  private alive(): void {
    if (this.freed) throw new PawlError('CLOSED', 'the TLS session has ended');
  }

  /** What a call means that has made no progress: WANT, 0 at the peer's close_notify, or an error. */
  private judge(result: number, what: string): number {
    const kind = this.calls.SSL_get_error(this.ssl, result);
    if (kind === ERROR_WANT_READ) return WANT;
    if (kind === ERROR_ZERO_RETURN) return 0;
    this.usable = false;
    throw opensslError(what);
  }
}

function outOfMemory(): PawlError {
  return new PawlError('ENOMEM', 'there is no memory for the ciphertext');
}
