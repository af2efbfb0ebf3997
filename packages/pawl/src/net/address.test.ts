import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assert as check, constant, ipV4, ipV6, nat, oneof, property, record } from 'fast-check';
import { PawlError } from '../error/index.ts';
import { type Address, formatAddress, parseEndpoint } from './address.ts';

const refused = (address: unknown, code: string): void => {
  assert.throws(
    () => parseEndpoint(address as Address),
    (error) => error instanceof PawlError && error.code === code,
    `${JSON.stringify(address)} should be ${code}`,
  );
};

describe('addresses', () => {
  it('are a port, a text or an object', () => {
    assert.deepEqual(parseEndpoint(80), { host: '127.0.0.1', port: 80 });
    assert.deepEqual(parseEndpoint('example.org:443'), { host: 'example.org', port: 443 });
    assert.deepEqual(parseEndpoint('0.0.0.0:0'), { host: '0.0.0.0', port: 0 });
    assert.deepEqual(parseEndpoint('[::1]:65535'), { host: '::1', port: 65535 });
    assert.deepEqual(parseEndpoint({ port: 8080 }), { host: '127.0.0.1', port: 8080 });
    assert.deepEqual(parseEndpoint({ host: 'localhost', port: 1 }), { host: 'localhost', port: 1 });
  });

  it('keep an IPv6 zone, which a socket address carries as a number', () => {
    assert.deepEqual(parseEndpoint('[fe80::1%3]:1'), { host: 'fe80::1%3', port: 1 });
    assert.deepEqual(parseEndpoint({ host: 'fe80::1', port: 1, scope: 3 }), { host: 'fe80::1%3', port: 1 });
  });

  it('are refused as BAD_PORT when the port is none', () => {
    for (const port of [-1, 65536, 1.5, NaN, Infinity, '80', null, undefined]) {
      refused({ host: '::1', port }, 'BAD_PORT');
      if (typeof port === 'number') refused(port, 'BAD_PORT');
    }
    for (const text of ['a:', 'a:-1', 'a:65536', 'a:1e3', 'a: 80', 'a:0x50', 'a:080000']) refused(text, 'BAD_PORT');
  });

  it('are refused as BAD_ADDRESS when the host is none', () => {
    for (const text of ['', '80', 'localhost', ':80', '::1', '::1:80', '[::1]', '[::1]80', '[a]:80', '[1.2.3.4]:80']) {
      refused(text, 'BAD_ADDRESS');
    }
    for (const host of [
      '',
      ' ',
      'a b',
      'a/b',
      'user@host',
      'a\0b',
      '1.2.3',
      '127.1',
      '1.2.3.400',
      '1::2::3',
      7,
      null,
    ]) {
      refused({ host, port: 80 }, 'BAD_ADDRESS');
    }
    refused(null, 'BAD_ADDRESS');
    refused(undefined, 'BAD_ADDRESS');
  });

  it('tell how to write an IPv6 address with a port', () => {
    assert.throws(() => parseEndpoint('::1:80'), /write \[::1:80\]:port/);
  });

  it('are read back from what formatAddress writes', () => {
    const port = nat({ max: 65535 });
    const v4 = record({ host: ipV4(), port, family: constant(4 as const) });
    const v6 = record({ host: ipV6(), port, family: constant(6 as const), scope: nat({ max: 9 }) });
    check(
      property(oneof(v4, v6), (address) => {
        assert.deepEqual(parseEndpoint(formatAddress(address)), parseEndpoint(address));
      }),
    );
  });
});
