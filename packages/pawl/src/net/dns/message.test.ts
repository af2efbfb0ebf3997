import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import { array, assert as check, nat, property, tuple, uint8Array } from 'fast-check';
import { a, cname, name, soa, srv, write } from '../../../test/support/dns-messages.ts';
import { answerOf } from './answer.ts';
import { formatIp, parseIp, reverseName } from './ip.ts';
import { decodeMessage, encodeQuery, isAnswerTo } from './message.ts';
import { decodeName, encodeName, Malformed, sameName, toName } from './name.ts';
import { TYPES } from './record.ts';

const question = { name: 'a.example', type: 'A' } as const;

describe('a domain name', () => {
  const label = uint8Array({ minLength: 1, maxLength: 63 });
  const wire = array(label, { maxLength: 10 })
    .filter((labels) => labels.reduce((sum, { length }) => sum + length + 1, 1) <= 255)
    .map((labels) => Uint8Array.from([...labels.flatMap((each) => [each.length, ...each]), 0]));

  it('of any bytes comes back from its text', () => {
    check(
      property(wire, (bytes) => {
        const { name: text, end } = decodeName(bytes, 0);
        assert.equal(end, bytes.length);
        assert.match(text, /^[!-~]*$/);
        assert.deepEqual(encodeName(text), bytes);
      }),
    );
  });

  it('differs from every other in its text', () => {
    assert.equal(decodeName(Uint8Array.of(3, 0x61, 0x2e, 0x62, 0), 0).name, 'a\\.b');
    assert.equal(decodeName(Uint8Array.of(1, 0x61, 1, 0x62, 0), 0).name, 'a.b');
    assert.equal(sameName('A.Example', 'a.eXAMPLE'), true);
    // Only ASCII's letters fold.
    assert.equal(sameName('\u212A', 'k'), false);
  });

  it('that is too long, or has an empty label, is refused', () => {
    for (const bad of [
      'a..b',
      '.a',
      'a'.repeat(64),
      Array.from({ length: 128 }, () => 'a').join('.'),
      'a\\',
      'a\\999',
      'a b',
      '',
    ])
      assert.equal(toName(bad), null, bad);
    assert.equal(toName('bücher.example.'), 'xn--bcher-kva.example');
    assert.equal(toName('_http._tcp.example'), '_http._tcp.example');
  });

  it('may point back, never forward, in a circle, or to itself', () => {
    const message = Uint8Array.from([...name('b.example'), 1, 0x61, 0xc0, 2, 0xc0, 0]);
    assert.deepEqual(decodeName(message, 11), { name: 'a.example', end: 15 });
    assert.deepEqual(decodeName(message, 15), { name: 'b.example', end: 17 });
    const loops = [
      [0xc0, 0],
      [0xc0, 2, 0xc0, 0],
      [1, 0x61, 0xc0, 0],
      [0xc0, 9, 0],
    ];
    for (const loop of loops) assert.throws(() => decodeName(Uint8Array.from(loop), 0), Malformed, String(loop));
    assert.throws(() => decodeName(Uint8Array.of(1, 0x61, 0xc0, 0), 2), Malformed);
    assert.throws(() => decodeName(Uint8Array.of(0xc0), 0), Malformed);
    assert.throws(() => decodeName(Uint8Array.of(0x41, 0), 0), Malformed);
  });

  it('does not grow beyond its limit by pointers', () => {
    // Each of them adds 60 bytes and points at the one before.
    const bytes: number[] = [0];
    for (let i = 0, last = 0; i < 6; i++) {
      const at = bytes.length;
      bytes.push(59, ...Array.from({ length: 59 }, () => 0x61), 0xc0 | (last >> 8), last & 0xff);
      last = at;
    }
    assert.equal(decodeName(Uint8Array.from(bytes), 1 + 62 * 3).name.length, 59 * 4 + 3);
    assert.throws(() => decodeName(Uint8Array.from(bytes), 1 + 62 * 4), Malformed);
  });
});

describe('an address', () => {
  it('comes back from its text, and is what the platform takes for the same', () => {
    check(
      property(
        uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => bytes.map((byte) => (byte < 160 ? 0 : byte))),
        (bytes) => {
          const text = formatIp(bytes);
          assert.ok(isIPv6(text), text);
          assert.deepEqual(parseIp(text), bytes);
          if (!text.includes('.')) assert.equal(new URL(`http://[${text}]`).hostname, `[${text}]`);
        },
      ),
    );
    for (const text of ['::', '::1', '1::', 'fe80::1:0:0:2', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1', '10.0.0.1'])
      assert.equal(formatIp(parseIp(text)), text);
    assert.deepEqual(parseIp('fe80::1%3'), parseIp('fe80::1'));
  });

  it('has a name to be looked up backwards', () => {
    assert.equal(reverseName('10.1.2.3'), '3.2.1.10.in-addr.arpa');
    assert.equal(
      reverseName('2001:db8::567:89ab'),
      'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
    );
  });
});

describe('a query', () => {
  it('is a message that asks for recursion and says how much an answer may have', () => {
    const message = decodeMessage(encodeQuery({ id: 0xbeef, name: 'a.example', type: TYPES.AAAA, udpSize: 1232 }));
    assert.deepEqual(
      [message.id, message.isResponse, message.questions],
      [0xbeef, false, [{ name: 'a.example', type: 28, class: 1 }]],
    );
    assert.deepEqual(message.additionals, [{ name: '', type: 41, class: 1232, ttl: 0, data: new Uint8Array() }]);
    assert.deepEqual(decodeMessage(encodeQuery({ id: 1, name: 'a.example', type: 1, udpSize: 0 })).additionals, []);
  });

  it('has an answer that repeats its id and its question', () => {
    const query = { id: 7, name: 'a.example', type: TYPES.A, udpSize: 0 };
    const answers = (message: Parameters<typeof write>[0], exactly = false): boolean =>
      isAnswerTo(decodeMessage(write(message)), query, exactly);
    assert.equal(answers({ id: 7, questions: [question] }), true);
    assert.equal(answers({ id: 7, questions: [{ name: 'A.example', type: 'A' }] }), true);
    assert.equal(answers({ id: 7, questions: [{ name: 'A.example', type: 'A' }] }, true), false);
    assert.equal(answers({ id: 8, questions: [question] }), false);
    assert.equal(answers({ id: 7, flags: 0x0100, questions: [question] }), false);
    assert.equal(answers({ id: 7, flags: 0x8980, questions: [question] }), false);
    assert.equal(answers({ id: 7, questions: [{ name: 'b.example', type: 'A' }] }), false);
    assert.equal(answers({ id: 7, questions: [{ name: 'a.example', type: 'AAAA' }] }), false);
    assert.equal(answers({ id: 7, questions: [{ name: 'a.example', type: 'A', class: 3 }] }), false);
    assert.equal(answers({ id: 7, questions: [question, question] }), false);
    assert.equal(answers({ id: 7 }), false);
    assert.equal(answers({ id: 7, rcode: 1 }), true);
  });
});

describe('a message', () => {
  const whole = write({
    questions: [question],
    answers: [
      a('a.example', '10.0.0.1', 30),
      { name: 'a.example', type: 'AAAA', data: [0x20, 1, 0x0d, 0xb8, ...Array.from({ length: 11 }, () => 0), 1] },
      { name: 'a.example', type: 'MX', data: [0, 10, ...name('mail.example')] },
      { name: 'a.example', type: 'TXT', data: [2, 0x68, 0x69, 0, 1, 0x21] },
      srv('_x._tcp.example', 1, 2, 443, 'a.example'),
      { name: 'a.example', type: 999, data: [1, 2] },
      { name: 'a.example', type: 'A', class: 3, data: [1, 2] },
      { name: 'a.example', type: 'A', ttl: 0x80000001, data: [1, 2, 3, 4] },
    ],
    authorities: [soa('example', 60, 30)],
    additionals: [{ name: '', type: 'OPT', class: 4096, ttl: 0x01000000, data: [] }],
  });

  it('has records of every kind', () => {
    const { answers, authorities, rcode } = decodeMessage(whole);
    assert.deepEqual(
      answers.map(({ data }) => data),
      [
        '10.0.0.1',
        '2001:db8::1',
        { exchange: 'mail.example', priority: 10 },
        ['hi', '', '!'],
        { name: 'a.example', port: 443, priority: 1, weight: 2 },
        Uint8Array.of(1, 2),
        Uint8Array.of(1, 2),
        '1.2.3.4',
      ],
    );
    assert.deepEqual([answers[0]!.ttl, answers.at(-1)!.ttl], [30, 0]);
    assert.deepEqual(authorities[0]!.data, { minimum: 30 });
    assert.equal(rcode, 16);
  });

  it('that ends too early, or too late, is refused, wherever that is', () => {
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => decodeMessage(whole.subarray(0, length)), Malformed, `${length} bytes`);
    assert.throws(() => decodeMessage(Uint8Array.from([...whole, 0])), Malformed);
  });

  it('whose data has another length than its type is refused', () => {
    const bad = [
      { type: 'A', data: [1, 2, 3] },
      { type: 'AAAA', data: [1, 2, 3, 4] },
      { type: 'CNAME', data: [...name('a.example'), 0] },
      { type: 'PTR', data: [1, 0x61] },
      { type: 'MX', data: [0, 1] },
      { type: 'SRV', data: [0, 1, 0, 1, 0, 80] },
      { type: 'TXT', data: [] },
      { type: 'TXT', data: [3, 0x61] },
      { type: 'SOA', data: [0, 0, 1, 2, 3] },
    ] as const;
    for (const { type, data } of bad)
      assert.throws(
        () => decodeMessage(write({ answers: [{ name: 'a.example', type, data }] })),
        Malformed,
        `${type} ${data.join()}`,
      );
  });

  it('with two OPT records is refused', () => {
    const option = { name: '', type: 'OPT', data: [] } as const;
    assert.throws(() => decodeMessage(write({ additionals: [option, option] })), Malformed);
  });

  it('of any bytes is read or refused, and nothing else', () => {
    const read = (bytes: Uint8Array): void => {
      try {
        void answerOf(decodeMessage(bytes), { name: 'a.example', type: 1 });
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
      }
    };
    check(property(uint8Array({ maxLength: 600 }), read));
    // A real one, with some of its bytes changed.
    const changes = array(tuple(nat(whole.length - 1), nat(255)), { minLength: 1, maxLength: 8 });
    check(
      property(changes, (all) => {
        const bytes = whole.slice();
        for (const [at, byte] of all) bytes[at] = byte;
        read(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an answer', () => {
  const read = (message: Parameters<typeof write>[0], type: number = TYPES.A): ReturnType<typeof answerOf> =>
    answerOf(decodeMessage(write(message)), { name: 'a.example', type });

  it('has the records of the name, and lasts as long as the first of them to go', () => {
    const answers = [a('a.example', '10.0.0.1', 30), a('A.EXAMPLE', '10.0.0.2', 20), a('evil.example', '6.6.6.6', 1)];
    assert.deepEqual(read({ answers }), {
      data: ['10.0.0.1', '10.0.0.2'],
      ttl: 20,
      noName: false,
      alias: null,
      aliases: 0,
    });
  });

  it('follows aliases, in whatever order they come', () => {
    const answers = [
      a('c.example', '10.0.0.1', 30),
      cname('b.example', 'c.example', 10),
      cname('a.example', 'b.example', 20),
    ];
    assert.deepEqual(read({ answers }), { data: ['10.0.0.1'], ttl: 10, noName: false, alias: null, aliases: 2 });
  });

  it('says where to ask on when the last alias leads elsewhere', () => {
    const { data, alias, aliases } = read({ answers: [cname('a.example', 'b.example')] });
    assert.deepEqual([data, alias, aliases], [[], 'b.example', 1]);
  });

  it('that has nothing lasts as long as the zone says', () => {
    assert.deepEqual(read({ rcode: 3, authorities: [soa('example', 60, 30)] }), {
      data: [],
      ttl: 30,
      noName: true,
      alias: null,
      aliases: 0,
    });
    assert.deepEqual(read({ authorities: [soa('', 20, 30)] }), {
      data: [],
      ttl: 20,
      noName: false,
      alias: null,
      aliases: 0,
    });
    // Nobody's, or another zone's.
    for (const authorities of [[], [soa('other.example', 60, 30)]])
      assert.equal(read({ rcode: 3, authorities }).ttl, 0);
    const behind = read({ answers: [cname('a.example', 'b.example', 5)], authorities: [soa('example', 60, 30)] });
    assert.deepEqual([behind.ttl, behind.alias, behind.noName], [5, null, false]);
  });

  it('whose aliases go round is refused', () => {
    assert.throws(
      () => read({ answers: [cname('a.example', 'b.example'), cname('b.example', 'a.example')] }),
      Malformed,
    );
    assert.throws(() => read({ answers: [cname('a.example', 'a.example')] }), Malformed);
  });
});
