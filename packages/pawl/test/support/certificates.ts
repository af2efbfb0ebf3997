/**
 * Certificates for tests, made on the spot: X.509 in DER (RFC 5280), signed by node:crypto. Elliptic keys, so that one takes about a millisecond.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate with its key, and who issued it. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  /** The subject's common name. Default `'test'`. */
  readonly name?: string;
  /** DNS names of subjectAltName. */
  readonly hosts?: readonly string[];
  /** IPv4 addresses of subjectAltName. */
  readonly addresses?: readonly string[];
  /** Default: itself. */
  readonly issuer?: Certified;
  /** May issue others. */
  readonly ca?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** The only extended key usage. */
  readonly usage?: 'server' | 'client';
  /** RSA instead of an elliptic key, of so many bits. */
  readonly rsa?: number;
  readonly hash?: 'sha256' | 'sha1';
}

const DAY = 24 * 3600 * 1000;
let serial = 1;

export function certificate(options: CertificateOptions = {}): Certified {
  const { name = 'test', hosts = [], addresses = [], issuer, ca = false, usage, rsa, hash = 'sha256' } = options;
  const { notBefore = new Date(Date.now() - DAY), notAfter = new Date(Date.now() + DAY) } = options;
  const { privateKey, publicKey } =
    rsa === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('rsa', { modulusLength: rsa });
  const signer = issuer?.privateKey ?? privateKey;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = algorithmOf(signer, hash);
  const altNames = [
    ...hosts.map((host) => tlv(0x82, Buffer.from(host))),
    ...addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const extensions = [
    extension('2.5.29.14', tlv(0x04, createHash('sha1').update(spki).digest())),
    extension('2.5.29.19', sequence(...(ca ? [tlv(0x01, Buffer.from([0xff]))] : [])), true),
    ...(altNames.length === 0 ? [] : [extension('2.5.29.17', sequence(...altNames))]),
    ...(usage === undefined
      ? []
      : [extension('2.5.29.37', sequence(oid(`1.3.6.1.5.5.7.3.${usage === 'server' ? 1 : 2}`)))]),
  ];
  const toSign = sequence(
    tlv(0xa0, integer(2)),
    integer(serial++),
    algorithm,
    distinguished(issuer?.name ?? name),
    sequence(time(notBefore), time(notAfter)),
    distinguished(name),
    spki,
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign(hash, toSign, signer);
  const der = sequence(toSign, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines(der)}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    name,
    privateKey,
  };
}

function lines(der: Buffer): string {
  return (der.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}

function algorithmOf(key: KeyObject, hash: string): Buffer {
  if (key.asymmetricKeyType === 'ec')
    return sequence(oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  return sequence(oid(hash === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'), tlv(0x05, Buffer.alloc(0)));
}

function tlv(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  // A leading zero byte keeps it positive.
  return tlv(
    0x02,
    Buffer.from(`00${hex.padStart(hex.length + (hex.length % 2), '0')}`.replace(/^00(?=[0-7])/, ''), 'hex'),
  );
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 127];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function distinguished(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));
}

/** GeneralizedTime, which any year has. RFC 5280 wants UTCTime before 2050; OpenSSL takes both. */
function time(date: Date): Buffer {
  return tlv(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([0xff]))] : []), tlv(0x04, value));
}
