import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { SocketAddress as NodeAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { PawlError } from '../error/index.ts';
import { decodeSockaddr, encodeSockaddr, parseAddress, type SocketAddress } from './address.ts';

const code = (expected: string) => (error: unknown) => error instanceof PawlError && error.code === expected;
const encode = (address: SocketAddress): number[] => {
  const into = new Uint8Array(128).fill(0xee); // what is left over from another address must not show
  return [...into.subarray(0, encodeSockaddr(address, into))];
};
const again = (address: SocketAddress): SocketAddress | undefined => decodeSockaddr(Uint8Array.from(encode(address)));

const port = fc.integer({ min: 0, max: 65_535 });
// Random addresses hardly ever have runs of zeros, on which the short form turns: make groups zero often.
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 });

describe('sockaddr', () => {
  it('IPv4: family, port in network order, address, padding', () => {
    assert.deepEqual(
      encode(parseAddress('192.168.1.254', 0x1234)),
      [2, 0, 0x12, 0x34, 192, 168, 1, 254, 0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it('IPv6: family, port, flow info, address, scope', () => {
    assert.deepEqual(
      encode({ host: '2001:db8::1:ff', port: 443, family: 6, scope: 0x01020304 }),
      [10, 0, 0x01, 0xbb, 0, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xff, 4, 3, 2, 1],
    );
  });

  it('IPv4 comes back as it went', () => {
    fc.assert(
      fc.property(fc.ipV4(), port, (host, port) => {
        assert.deepEqual(again({ host, port, family: 4 }), { host, port, family: 4 });
      }),
    );
  });

  it('IPv6 comes back in the canonical form, the same that Node’s SocketAddress has', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV6(),
          groups.map((all) => all.map((group) => group.toString(16)).join(':')),
        ),
        port,
        (host, port) => {
          const back = again({ host, port, family: 6 });
          assert.deepEqual(back, { host: new NodeAddress({ address: host, family: 'ipv6' }).address, port, family: 6 });
          assert.deepEqual(again(back), back);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a scope comes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), (scope) => {
        assert.deepEqual(again({ host: 'fe80::1', port: 1, family: 6, scope }), {
          host: 'fe80::1',
          port: 1,
          family: 6,
          scope,
        });
      }),
    );
  });

  it('writes the forms that are easily got wrong', () => {
    const forms = {
      '::': '::',
      '::1': '::1',
      '1::': '1::',
      '0:0:1::': '0:0:1::',
      '1:0:0:2:0:0:0:3': '1:0:0:2::3',
      '1:0:2:3:4:5:6:7': '1:0:2:3:4:5:6:7', // one zero is not shortened
      '1:0:0:2:3:0:0:4': '1::2:3:0:0:4', // the first of two equal runs
      '::FFFF:1.2.3.4': '::ffff:1.2.3.4',
      '::1.2.3.4': '::1.2.3.4',
      '::10': '::10',
      '64:ff9b::1.2.3.4': '64:ff9b::102:304',
      'ABCD::EF01': 'abcd::ef01',
    };
    for (const [host, canonical] of Object.entries(forms)) {
      assert.equal(again({ host, port: 0, family: 6 })?.host, canonical);
    }
  });

  it('another family is not an internet address', () => {
    assert.equal(decodeSockaddr(Uint8Array.from([1, 0, 0, 0])), undefined);
    assert.equal(decodeSockaddr(new Uint8Array(0)), undefined);
  });

  it('an address that contradicts itself is refused', () => {
    const into = new Uint8Array(128);
    for (const address of [
      { host: '::1', port: 1, family: 4 },
      { host: '127.0.0.1', port: 1, family: 6 },
      { host: 'localhost', port: 1, family: 4 },
    ] as const) {
      assert.throws(() => encodeSockaddr(address, into), code('BAD_ADDRESS'));
    }
    assert.throws(() => encodeSockaddr({ host: '127.0.0.1', port: 65_536, family: 4 }, into), code('BAD_PORT'));
  });
});

describe('parseAddress', () => {
  it('tells the families apart', () => {
    assert.deepEqual(parseAddress('127.0.0.1', 80), { host: '127.0.0.1', port: 80, family: 4 });
    assert.deepEqual(parseAddress('::1', 0), { host: '::1', port: 0, family: 6 });
  });

  it('refuses names and near-addresses', () => {
    for (const host of [
      'localhost',
      '',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '256.1.1.1',
      ':::',
      '1:2:3',
      '[::1]',
      '::1 ',
      '1.2.3.4%1',
    ]) {
      assert.throws(() => parseAddress(host, 1), code('BAD_ADDRESS'), host);
    }
  });

  it('refuses what is not a port', () => {
    for (const port of [-1, 65_536, 1.5, Number.NaN, Infinity])
      assert.throws(() => parseAddress('::1', port), code('BAD_PORT'));
  });

  it('takes a zone by number, and by the name of an interface', () => {
    assert.deepEqual(parseAddress('fe80::1%7', 1), { host: 'fe80::1', port: 1, family: 6, scope: 7 });
    assert.deepEqual(again({ host: 'fe80::1%7', port: 1, family: 6 }), {
      host: 'fe80::1',
      port: 1,
      family: 6,
      scope: 7,
    });
    // Whatever addresses it has besides, and in whatever order.
    for (const name of Object.keys(networkInterfaces())) {
      const index = Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'latin1'));
      assert.equal(parseAddress(`fe80::1%${name}`, 1).scope, index, name);
    }
    assert.throws(() => parseAddress('fe80::1%nosuchinterface', 1), code('BAD_ADDRESS'));
  });
});
