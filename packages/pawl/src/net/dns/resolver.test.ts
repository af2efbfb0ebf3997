import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import {
  blockOn,
  coroutine,
  join,
  mapConcurrent,
  PawlError,
  race,
  run,
  sleep,
  spawn,
  type Steps,
  timeout,
  yieldNow,
} from 'pawl';
import { cancelEverywhere } from '../../../test/support/cancel-everywhere.ts';
import {
  a,
  cname,
  name,
  RESPONSE,
  soa,
  srv,
  TRUNCATED,
  write,
  type WrittenMessage,
} from '../../../test/support/dns-messages.ts';
import { type Answering, type Asked, type DnsServer, dnsServer } from '../../../test/support/dns-server.ts';
import { failure } from '../../../test/support/loopback.ts';
import { defaultDriver } from '../../driver/default.ts';
import { dumpAll } from '../../task/dump-all.ts';
import { TcpListener, TcpStream, UdpSocket } from '../index.ts';
import type { ResolverOptions } from './options.ts';
import { Resolver } from './resolver.ts';

type Zone = Readonly<Record<string, Omit<WrittenMessage, 'id' | 'questions'>>>;

const NOTHING = { rcode: 3, authorities: [soa('example', 60, 60)] };

/** Answers as a well-behaved server does, `NAME TYPE` by `NAME TYPE`; what is not there is NXDOMAIN. */
const zone =
  (records: Zone): Answering =>
  (asked) => [reply(asked, records[`${asked.name.toLowerCase()} ${asked.type}`] ?? NOTHING)];

function reply({ id, name: of, type }: Asked, message: Omit<WrittenMessage, 'id' | 'questions'>): Uint8Array {
  return write({ ...message, id, questions: [{ name: of, type: type as 'A' }] });
}

/** Runs a test against a server, with a resolver that asks it and nothing else; nothing may be left open. */
function against(
  answer: Answering,
  test: (resolver: Resolver, server: DnsServer) => Steps<void>,
  options: ResolverOptions = {},
): void {
  const before = defaultDriver().metrics;
  blockOn(function* () {
    using server = yield* dnsServer(answer);
    const only = { servers: [server.address], hosts: null, resolvConf: null, timeout: 30_000, attempts: 1, ...options };
    yield* coroutine(test)(new Resolver(only), server);
  });
  const { descriptors, timers, waiting } = defaultDriver().metrics;
  assert.deepEqual(
    [descriptors, timers, waiting],
    [before.descriptors, before.timers, before.waiting],
    'something is left',
  );
}

const facts = ({ code, hostname, syscall }: PawlError): unknown[] => [code, hostname, syscall];
const kinds = ({ asked }: DnsServer): string[] => asked.map(({ name: of, type, over }) => `${of} ${type} ${over}`);

const EXAMPLE = zone({
  'a.example A': { answers: [a('a.example', '10.0.0.1'), a('a.example', '10.0.0.2')] },
  'a.example AAAA': {
    answers: [{ name: 'a.example', type: 'AAAA', data: [...Array.from({ length: 15 }, () => 0), 9] }],
  },
  'four.example A': { answers: [a('four.example', '10.0.0.4')] },
  'four.example AAAA': { authorities: [soa('example', 60, 60)] },
  'alias.example A': { answers: [cname('alias.example', 'a.example', 5), a('a.example', '10.0.0.1')] },
  'empty.example A': { authorities: [soa('example', 60, 60)] },
  'a.example TXT': { answers: [{ name: 'a.example', type: 'TXT', data: [2, 0x68, 0x69, 1, 0x21] }] },
  'a.example MX': {
    answers: [20, 10].map((priority) => ({
      name: 'a.example',
      type: 'MX',
      data: [0, priority, ...name(`m${priority}.example`)],
    })),
  },
  '_x._tcp.example SRV': {
    answers: [
      srv('_x._tcp.example', 2, 1, 80, 'b.example'),
      srv('_x._tcp.example', 1, 1, 80, 'c.example'),
      srv('_x._tcp.example', 1, 9, 81, 'd.example'),
    ],
  },
  '1.0.0.10.in-addr.arpa PTR': { answers: [{ name: '1.0.0.10.in-addr.arpa', type: 'PTR', data: name('a.example') }] },
  'away.example A': { answers: [cname('away.example', 'four.example')] },
  'lost.example A': { answers: [cname('lost.example', 'nowhere.example')] },
  'round.example A': { answers: [cname('round.example', 'trip.example')] },
  'trip.example A': { answers: [cname('trip.example', 'round.example')] },
});

describe('a resolver', () => {
  it('finds records of every kind', () => {
    against(EXAMPLE, function* (resolver) {
      assert.deepEqual(yield* resolver.resolve4('A.example.'), ['10.0.0.1', '10.0.0.2']);
      assert.deepEqual(yield* resolver.resolve6('a.example'), ['::9']);
      assert.deepEqual(yield* resolver.resolve4('alias.example'), ['10.0.0.1']);
      assert.deepEqual(yield* resolver.resolveTxt('a.example'), [['hi', '!']]);
      assert.deepEqual(
        (yield* resolver.resolveMx('a.example')).map(({ exchange }) => exchange),
        ['m10.example', 'm20.example'],
      );
      assert.deepEqual(
        (yield* resolver.resolveSrv('_x._tcp.example')).map(({ name: of }) => of),
        ['d.example', 'c.example', 'b.example'],
      );
      assert.deepEqual(yield* resolver.reverse('10.0.0.1'), ['a.example']);
      assert.deepEqual(yield* resolver.resolvePtr('1.0.0.10.in-addr.arpa'), ['a.example']);
      assert.deepEqual((yield* resolver.lookup('a.example')).map(({ address }) => address).toSorted(), [
        '10.0.0.1',
        '10.0.0.2',
        '::9',
      ]);
      assert.deepEqual(yield* resolver.lookup('a.example', { family: 4 }), [
        { address: '10.0.0.1', family: 4 },
        { address: '10.0.0.2', family: 4 },
      ]);
      assert.deepEqual(yield* resolver.lookup('four.example'), [{ address: '10.0.0.4', family: 4 }]);
    });
  });

  it('tells no name from no records', () => {
    against(EXAMPLE, function* (resolver) {
      assert.deepEqual(facts(yield* failure(resolver.resolve4('no.example'))), ['ENOTFOUND', 'no.example', 'queryA']);
      assert.deepEqual(facts(yield* failure(resolver.resolve4('empty.example'))), [
        'ENODATA',
        'empty.example',
        'queryA',
      ]);
      assert.deepEqual(facts(yield* failure(resolver.lookup('no.example'))), [
        'ENOTFOUND',
        'no.example',
        'getaddrinfo',
      ]);
      assert.deepEqual(facts(yield* failure(resolver.resolve6('no.example'))), [
        'ENOTFOUND',
        'no.example',
        'queryAaaa',
      ]);
      assert.deepEqual(facts(yield* failure(resolver.resolveSrv('no.example'))), [
        'ENOTFOUND',
        'no.example',
        'querySrv',
      ]);
      assert.deepEqual(facts(yield* failure(resolver.resolve4('a..example'))), ['EBADNAME', 'a..example', 'queryA']);
    });
  });

  it('asks on where an alias leads, and not for ever', () => {
    against(EXAMPLE, function* (resolver, server) {
      assert.deepEqual(yield* resolver.resolve4('away.example'), ['10.0.0.4']);
      assert.deepEqual(kinds(server), ['away.example A udp', 'four.example A udp']);
      assert.deepEqual(facts(yield* failure(resolver.resolve4('lost.example'))), [
        'ENOTFOUND',
        'lost.example',
        'queryA',
      ]);
      assert.equal((yield* failure(resolver.resolve4('round.example'))).code, 'EBADRESP');
      assert.equal(server.asked.length, 6);
    });
  });

  it('keeps answers, and that there is none', () => {
    against(EXAMPLE, function* (resolver, server) {
      for (let i = 0; i < 3; i++) yield* resolver.resolve4('a.example');
      for (let i = 0; i < 3; i++) yield* failure(resolver.resolve4('no.example'));
      assert.deepEqual(kinds(server), ['a.example A udp', 'no.example A udp']);
      assert.deepEqual([resolver.metrics.hits, resolver.metrics.cached, resolver.metrics.sent], [4, 2, 2]);
      resolver.clear();
      yield* resolver.resolve4('a.example');
      assert.equal(server.asked.length, 3);
    });
  });

  it('keeps no more than it may', () => {
    against(
      EXAMPLE,
      function* (resolver, server) {
        for (const each of ['a', 'four', 'alias', 'a', 'four']) yield* resolver.resolve4(`${each}.example`);
        assert.equal(resolver.metrics.cached, 2);
        assert.equal(server.asked.length, 5);
        yield* resolver.resolve4('a.example');
        assert.equal(server.asked.length, 5);
      },
      { cacheSize: 2 },
    );
  });

  it('does not keep what may not be kept', () => {
    against(zone({ 'a.example A': { answers: [a('a.example', '10.0.0.1', 0)] } }), function* (resolver, server) {
      for (let i = 0; i < 2; i++) yield* resolver.resolve4('a.example');
      assert.equal(server.asked.length, 2);
    });
  });

  it('asks once for all who ask at the same time', () => {
    against(EXAMPLE, function* (resolver, server) {
      const all = yield* join(Array.from({ length: 20 }, () => resolver.resolve4('a.example')));
      assert.deepEqual([all.length, server.asked.length, resolver.metrics.pending], [20, 1, 0]);
    });
  });

  it('goes on with a query while somebody waits for it, and stops it when nobody does', () => {
    against(
      () => [],
      function* (resolver, server) {
        const { descriptors } = defaultDriver().metrics;
        const [first, second] = [spawn(resolver.resolve4('a.example')), spawn(resolver.resolve4('a.example'))];
        while (server.asked.length === 0) yield* sleep(1);
        first.abort();
        yield* failure(first);
        assert.deepEqual([defaultDriver().metrics.descriptors - descriptors, resolver.metrics.pending], [1, 1]);
        second.abort();
        yield* failure(second);
        assert.deepEqual([defaultDriver().metrics.descriptors - descriptors, resolver.metrics.pending], [0, 0]);
      },
    );
  });

  it('has so many queries under way at the most, and the others wait', () => {
    against(EXAMPLE, function* (resolver, server) {
      const { descriptors } = defaultDriver().metrics;
      let most = 0;
      const { answer } = server;
      server.answer = (asked) => {
        most = Math.max(most, defaultDriver().metrics.descriptors - descriptors);
        return answer(asked);
      };
      const names = Array.from({ length: 600 }, (_, i) => `n${i}.example`);
      const errors = yield* mapConcurrent(names, Infinity, (of) => failure(resolver.resolve4(of)));
      const codes = new Set(errors.map(({ code }) => code));
      assert.deepEqual([...codes], ['ENOTFOUND']);
      assert.ok(most > 1 && most <= 256, String(most));
      assert.deepEqual([server.asked.length, resolver.metrics.pending], [600, 0]);
    });
  });

  it('says in a dump whose answer it waits for', () => {
    against(
      () => [],
      function* (resolver, server) {
        const task = spawn(resolver.resolve4('a.example'));
        while (server.asked.length === 0) yield* sleep(1);
        assert.ok(dumpAll().includes(`DNS answer of a.example A from 127.0.0.1:${server.address.port}`), dumpAll());
        assert.match(dumpAll(), /"dnsQuery"/);
        task.abort();
      },
    );
  });

  it('refuses bad arguments at once', () => {
    const bad: unknown[] = [
      { servers: [] },
      { servers: ['not.numeric:53'] },
      { servers: ['10.0.0.1:0'] },
      { hosts: 1 },
      { search: ['a..b'] },
      { ndots: -1 },
      { timeout: 0 },
      { attempts: 0 },
      { cacheSize: 0.5 },
      { search: 'example.com' },
      { servers: [5] },
      { servers: [null] },
      { rotate: 'false' },
      { useTcp: 0 },
      { edns0: 1 },
      { mixedCase: null },
      { server: ['10.0.0.1'] },
      null,
      5,
    ];
    for (const options of bad)
      assert.throws(() => new Resolver(options as ResolverOptions), PawlError, JSON.stringify(options));
    assert.throws(() => new Resolver({ server: [] } as object), { message: /^a resolver has no option "server"/ });
    const resolver = new Resolver({ servers: ['10.0.0.1', '[::1]:53', { host: '::1' }] });
    assert.throws(() => resolver.reverse('a.example'), { code: 'BAD_ADDRESS' });
    assert.throws(() => resolver.lookup('a', { family: 5 as never }), { code: 'BAD_ARGUMENT' });
    for (const options of [{ famly: 4 }, null])
      assert.throws(() => resolver.lookup('a', options as object), { code: 'BAD_ARGUMENT', message: /^a lookup / });
    assert.throws(() => resolver.resolve4(1 as never), { code: 'BAD_ARGUMENT' });
    assert.throws(() => TcpStream.connect('a.example:80', { resolver: {} as never }), { code: 'BAD_ARGUMENT' });
  });
});

describe('a server that', () => {
  it('does not fit its answer into a datagram is asked over TCP', () => {
    const many = Array.from({ length: 100 }, (_, i) => a('a.example', `10.0.0.${i}`));
    const answer: Answering = (asked) => [
      asked.over === 'tcp'
        ? reply(asked, { answers: many })
        : reply(asked, { flags: RESPONSE | TRUNCATED, answers: [] }),
    ];
    against(answer, function* (resolver, server) {
      assert.equal((yield* resolver.resolve4('a.example')).length, 100);
      assert.deepEqual(kinds(server), ['a.example A udp', 'a.example A tcp']);
      assert.deepEqual([resolver.metrics.sent, resolver.metrics.overTcp], [2, 1]);
    });
  });

  it('cuts its answer in the middle of a record is asked over TCP', () => {
    const answer: Answering = (asked) => {
      const whole = reply(asked, { flags: RESPONSE | TRUNCATED, answers: [a('a.example', '10.0.0.1')] });
      return [
        asked.over === 'tcp'
          ? reply(asked, { answers: [a('a.example', '10.0.0.2')] })
          : whole.subarray(0, whole.length - 3),
      ];
    };
    against(answer, function* (resolver) {
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.0.0.2']);
    });
  });

  it('answers truncated over TCP, too, or ends there, or lies about the length, has answered nothing', () => {
    const cut: Answering = (asked) => [reply(asked, { flags: RESPONSE | TRUNCATED })];
    const silent: Answering = (asked) => (asked.over === 'tcp' ? [] : cut(asked));
    const other: Answering = (asked) =>
      asked.over === 'tcp' ? [reply({ ...asked, id: asked.id ^ 1 }, {})] : cut(asked);
    for (const answer of [cut, silent, other])
      against(answer, function* (resolver) {
        assert.deepEqual(facts(yield* failure(resolver.resolve4('a.example'))), ['EBADRESP', 'a.example', 'queryA']);
      });
  });

  it('is forged does not get through: another id, another question, a query', () => {
    const forge: Answering = (asked) => {
      const evil = { answers: [a('a.example', '6.6.6.6')] };
      return [
        reply({ ...asked, id: asked.id ^ 0x0100 }, evil),
        reply({ ...asked, name: 'b.example' }, evil),
        reply({ ...asked, type: 'AAAA' }, evil),
        reply(asked, { ...evil, flags: 0x0100 }),
        Uint8Array.of(asked.id >> 8),
        Uint8Array.of(~asked.id >> 8, 1, 2, 3),
        reply(asked, { answers: [a('a.example', '10.0.0.1')] }),
      ];
    };
    against(forge, function* (resolver) {
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.0.0.1']);
      assert.equal(resolver.metrics.refused, 6);
    });
  });

  it('is not the one that was asked is not heard, whatever it knows', () => {
    against(
      () => [],
      function* (resolver, server) {
        using other = yield* UdpSocket.bind('127.0.0.1:0');
        const resolving = spawn(resolver.resolve4('a.example'));
        while (server.asked.length === 0) yield* sleep(1);
        const [asked] = server.asked;
        // Port, id and question are right, and its own port is not.
        const evil = reply(asked!, { answers: [a('a.example', '6.6.6.6')] });
        yield* other.sendTo(evil, { host: '127.0.0.1', port: asked!.port });
        server.answer = EXAMPLE;
        assert.deepEqual(yield* resolving, ['10.0.0.1', '10.0.0.2']);
        assert.equal(resolver.metrics.refused, 0);
      },
      { timeout: 50, attempts: 20 },
    );
  });

  it('sends records about other names is not believed about them', () => {
    const poison = {
      answers: [a('a.example', '10.0.0.1'), a('bank.example', '6.6.6.6')],
      additionals: [a('bank.example', '6.6.6.6')],
    };
    against(zone({ 'a.example A': poison }), function* (resolver) {
      yield* resolver.resolve4('a.example');
      assert.equal((yield* failure(resolver.resolve4('bank.example'))).code, 'ENOTFOUND');
    });
  });

  it('guesses at ids is left for TCP', () => {
    const flood: Answering = (asked) =>
      asked.over === 'tcp'
        ? [reply(asked, { answers: [a('a.example', '10.0.0.1')] })]
        : Array.from({ length: 30 }, (_, i) =>
            reply({ ...asked, id: (asked.id + 1 + i) & 0xffff }, { answers: [a('a.example', '6.6.6.6')] }),
          );
    against(flood, function* (resolver) {
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.0.0.1']);
      assert.deepEqual([resolver.metrics.refused, resolver.metrics.overTcp], [20, 1]);
    });
  });

  it('does not repeat the case of letters that were drawn is not believed', () => {
    const lower: Answering = (asked) => [
      reply({ ...asked, name: 'q'.repeat(40) }, { answers: [a('q'.repeat(40), '6.6.6.6')] }),
      reply(asked, { answers: [a(asked.name, '10.0.0.1')] }),
    ];
    against(
      lower,
      function* (resolver, server) {
        assert.deepEqual(yield* resolver.resolve4('q'.repeat(40)), ['10.0.0.1']);
        assert.equal(resolver.metrics.refused, 1);
        assert.match(server.asked[0]!.name, /q.*Q|Q.*q/);
      },
      { mixedCase: true },
    );
  });

  it('sends what is no message has answered nothing', () => {
    const loop: Answering = ({ id }) => [
      Uint8Array.of(id >> 8, id & 0xff, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1),
    ];
    const endless: Answering = zone({
      'a.example A': { answers: [cname('a.example', 'b.example'), cname('b.example', 'a.example')] },
    });
    for (const answer of [loop, endless])
      against(answer, function* (resolver) {
        assert.deepEqual(facts(yield* failure(resolver.resolve4('a.example'))), ['EBADRESP', 'a.example', 'queryA']);
      });
  });

  it('does not know of sizes is asked without', () => {
    const old: Answering = (asked) => [
      asked.udpSize > 0 ? write({ id: asked.id, rcode: 1 }) : reply(asked, { answers: [a('a.example', '10.0.0.1')] }),
    ];
    against(old, function* (resolver, server) {
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.0.0.1']);
      assert.deepEqual(
        server.asked.map(({ udpSize }) => udpSize),
        [1232, 0],
      );
    });
    against(
      EXAMPLE,
      function* (resolver, server) {
        yield* resolver.resolve4('a.example');
        assert.deepEqual(
          server.asked.map(({ udpSize }) => udpSize),
          [0],
        );
      },
      { edns0: false },
    );
  });

  it('fails says why', () => {
    // How often it is asked in two rounds: without a size again where it may not know of sizes, and never again where it does not want to answer.
    for (const [rcode, code, times] of [
      [1, 'EFORMERR', 2],
      [2, 'ESERVFAIL', 2],
      [4, 'ENOTIMP', 2],
      [5, 'EREFUSED', 1],
      [9, 'ESERVFAIL', 2],
    ] as const)
      against(
        (asked) => [reply(asked, { rcode })],
        function* (resolver, server) {
          assert.deepEqual(facts(yield* failure(resolver.resolve4('a.example'))), [code, 'a.example', 'queryA']);
          assert.deepEqual(facts(yield* failure(resolver.lookup('a.example', { family: 4 }))), [
            code,
            'a.example',
            'getaddrinfo',
          ]);
          assert.equal(server.asked.length, 2 * times);
          assert.equal(resolver.metrics.cached, 0);
        },
        { attempts: 2 },
      );
  });

  it('is silent is asked again, with twice the time, and then given up', () => {
    against(
      () => [],
      function* (resolver, server) {
        const began = defaultDriver().refresh();
        assert.deepEqual(facts(yield* failure(resolver.resolve4('a.example'))), ['ETIMEOUT', 'a.example', 'queryA']);
        assert.ok(defaultDriver().refresh() - began >= 15 + 30 + 60);
        while (server.asked.length < 3) yield* sleep(1);
        assert.deepEqual([server.asked.length, resolver.metrics.timeouts], [3, 3]);
        // Each from a port, and with an id, of its own.
        assert.ok(new Set(server.asked.map(({ id, port }) => `${id} ${port}`)).size === 3);
      },
      { timeout: 15, attempts: 3 },
    );
  });

  it('does not exist, or is silent, has others after it', () => {
    against(EXAMPLE, function* (_, server) {
      using silent = yield* dnsServer(() => []);
      const nobody = yield* coroutine(function* () {
        using gone = yield* TcpListener.bind(0);
        return gone.localAddress.port;
      })();
      const nowhere = { host: '127.0.0.1', port: nobody };
      const base = { hosts: null, resolvConf: null, timeout: 50, attempts: 5 };
      const last = new Resolver({ ...base, servers: [nowhere, silent.address, server.address] });
      assert.deepEqual(yield* last.resolve4('four.example'), ['10.0.0.4']);
      assert.ok(silent.asked.length >= 1);
      assert.equal(
        (yield* failure(new Resolver({ ...base, servers: [nowhere] }).resolve4('a.example'))).code,
        'ECONNREFUSED',
      );
    });
  });

  it('is one of several is asked in turn, where that is wanted', () => {
    against(EXAMPLE, function* (_, server) {
      using other = yield* dnsServer(EXAMPLE);
      const resolver = new Resolver({
        servers: [server.address, other.address],
        hosts: null,
        resolvConf: null,
        rotate: true,
        cacheSize: 0,
      });
      for (let i = 0; i < 6; i++) yield* resolver.resolve4('a.example');
      assert.deepEqual([server.asked.length, other.asked.length], [3, 3]);
      for (let i = 0; i < 4; i++) yield* resolver.lookup('four.example', { family: 4 });
      assert.deepEqual([server.asked.length, other.asked.length], [5, 5]);
    });
  });

  it('is to be asked over TCP only is', () => {
    against(
      EXAMPLE,
      function* (resolver, server) {
        yield* resolver.resolve4('a.example');
        assert.deepEqual(kinds(server), ['a.example A tcp']);
      },
      { useTcp: true },
    );
  });
});

describe('a lookup', () => {
  const searching: ResolverOptions = { search: ['one.example', 'two.example'] };
  const domains = zone({
    'host.two.example A': { answers: [a('host.two.example', '10.0.0.2')] },
    'some.host A': { answers: [a('some.host', '10.0.0.3')] },
  });

  it('goes through the search domains, a name with dots first by itself', () => {
    against(
      domains,
      function* (resolver, server) {
        const four = { family: 4 } as const;
        assert.deepEqual(yield* resolver.lookup('host', four), [{ address: '10.0.0.2', family: 4 }]);
        assert.deepEqual(yield* resolver.lookup('some.host', four), [{ address: '10.0.0.3', family: 4 }]);
        yield* failure(resolver.lookup('other', four));
        yield* failure(resolver.lookup('whole.', four));
        assert.deepEqual(
          kinds(server).map((each) => each.split(' ')[0]),
          [
            'host.one.example',
            'host.two.example',
            'some.host',
            'other.one.example',
            'other.two.example',
            'other',
            'whole',
          ],
        );
      },
      searching,
    );
  });

  it('does not go on when it does not know', () => {
    against(
      () => [],
      function* (resolver, server) {
        assert.equal((yield* failure(resolver.lookup('host', { family: 4 }))).code, 'ETIMEOUT');
        while (server.asked.length === 0) yield* sleep(1);
        assert.equal(server.asked.length, 1);
      },
      { ...searching, timeout: 10 },
    );
  });

  it('has the addresses of one family when the other fails', () => {
    const half: Answering = (asked) => [
      reply(asked, asked.type === 'A' ? { answers: [a('a.example', '10.0.0.1')] } : { rcode: 2 }),
    ];
    against(half, function* (resolver) {
      assert.deepEqual(yield* resolver.lookup('a.example'), [{ address: '10.0.0.1', family: 4 }]);
    });
  });

  it("asks nobody about names that are everybody's, or nobody's", () => {
    against(EXAMPLE, function* (resolver, server) {
      assert.deepEqual(
        (yield* resolver.lookup('localhost')).map(({ address }) => address),
        ['127.0.0.1', '::1'],
      );
      assert.deepEqual(yield* resolver.lookup('some.LOCALHOST.', { family: 6 }), [{ address: '::1', family: 6 }]);
      assert.deepEqual(yield* resolver.lookup('10.9.8.7'), [{ address: '10.9.8.7', family: 4 }]);
      assert.equal((yield* failure(resolver.lookup('10.9.8.7', { family: 6 }))).code, 'ENODATA');
      for (const host of ['some.invalid', 'hidden.onion'])
        assert.equal((yield* failure(resolver.lookup(host))).code, 'ENOTFOUND');
      assert.deepEqual(server.asked, []);
    });
  });

  it('believes the hosts file', async () => {
    const folder = mkdtempSync(joinPath(tmpdir(), 'pawl-hosts-'));
    const path = joinPath(folder, 'hosts');
    writeFileSync(path, '# names\n10.1.1.1 one.test One.Alias # first\n::5 one.test\nnonsense\n10.1.1.2\n');
    try {
      await run(function* () {
        using server = yield* dnsServer(EXAMPLE);
        const resolver = new Resolver({ servers: [server.address], hosts: path, resolvConf: null });
        assert.deepEqual((yield* resolver.lookup('ONE.test')).map(({ address }) => address).toSorted(), [
          '10.1.1.1',
          '::5',
        ]);
        assert.deepEqual(yield* resolver.lookup('one.alias.', { family: 4 }), [{ address: '10.1.1.1', family: 4 }]);
        assert.deepEqual(yield* resolver.reverse('10.1.1.1'), ['one.test']);
        assert.deepEqual(yield* resolver.reverse('0:0::5'), ['one.test']);
        assert.deepEqual(server.asked, []);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('leads to a connection by a name, inside blockOn', () => {
    against(EXAMPLE, function* (_, server) {
      using listener = yield* TcpListener.bind('127.0.0.1:0');
      server.answer = zone({ 'here.example A': { answers: [a('here.example', '127.0.0.1')] } });
      const resolver = new Resolver({ servers: [server.address], hosts: null, resolvConf: null });
      const { port } = listener.localAddress;
      using stream = yield* TcpStream.connect({ host: 'here.example', port }, { resolver });
      assert.deepEqual(stream.remoteAddress, { ...listener.localAddress });
      assert.equal((yield* failure(TcpStream.connect({ host: 'gone.example', port }, { resolver }))).code, 'ENOTFOUND');
    });
  });

  it('that is half done leads to a connection already', () => {
    // The server never answers for IPv6.
    const half: Answering = (asked) =>
      asked.type === 'A' ? [reply(asked, { answers: [a('half.example', '127.0.0.1')] })] : [];
    against(
      half,
      function* (resolver) {
        using listener = yield* TcpListener.bind('127.0.0.1:0');
        const { port } = listener.localAddress;
        using stream = yield* timeout(5000, TcpStream.connect({ host: 'half.example', port }, { resolver }));
        assert.equal(stream.remoteAddress.port, port);
      },
      { timeout: 60_000 },
    );
  });

  it('leaves nothing behind, wherever it is cancelled', async () => {
    const slow: Answering = (asked) => {
      if (asked.over === 'udp' && asked.type === 'A') return [reply(asked, { flags: RESPONSE | TRUNCATED })];
      return [
        reply(
          asked,
          asked.type === 'A' ? { answers: [a('c.example', '127.0.0.1')] } : { authorities: [soa('example', 9, 9)] },
        ),
      ];
    };
    const suspensions = await cancelEverywhere(function* (watch) {
      using server = yield* dnsServer(slow);
      using listener = yield* TcpListener.bind('127.0.0.1:0');
      const resolver = new Resolver({ servers: [server.address], hosts: null, resolvConf: null, timeout: 5000 });
      const { port } = listener.localAddress;
      using stream = yield* watch(TcpStream.connect({ host: 'c.example', port }, { resolver }));
      assert.equal(stream.closed, false);
      yield* watch(race([resolver.resolveTxt('c.example'), yieldNow()]));
    });
    assert.ok(suspensions >= 2, String(suspensions));
  });
});
