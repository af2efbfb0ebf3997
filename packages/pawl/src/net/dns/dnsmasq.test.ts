/** Our resolver against a name server of somebody else's: dnsmasq, where it is installed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { blockOn, coroutine, join, run } from 'pawl';
import { TcpListener, TcpStream } from 'pawl/net';
import { ForeignServer, installed, ServerFolder } from '../../../test/support/foreign-server.ts';
import { failure } from '../../../test/support/loopback.ts';
import { defaultDriver } from '../../driver/default.ts';
import { Bind } from '../udp/make.ts';
import { Resolver } from './resolver.ts';

const program = installed('dnsmasq', '/usr/sbin');
const skip = program === null && 'dnsmasq is not installed on this machine';

const MANY = Array.from({ length: 120 }, (_, i) => `10.1.0.${i}`);

const RECORDS = [
  '--host-record=host.example,10.0.0.1,fd00::1',
  '--host-record=here.example,127.0.0.1',
  '--cname=alias.example,host.example',
  '--cname=twice.example,alias.example',
  '--srv-host=_http._tcp.example,host.example,8080,10,5',
  '--srv-host=_http._tcp.example,here.example,8081,1,5',
  '--mx-host=example,host.example,20',
  '--txt-record=text.example,hello,dear world',
  '--local=/example/',
];

/** A port that was free a moment ago, for UDP and for TCP: dnsmasq takes no 0. */
const freePort = coroutine(function* () {
  using listener = yield* TcpListener.bind('127.0.0.1:0');
  const handle = yield* new Bind(listener.localAddress, null, {});
  handle.close();
  return listener.localAddress.port;
});

describe('against dnsmasq', { skip }, () => {
  let server: ForeignServer;
  let resolver: Resolver;
  const folder = skip === false ? new ServerFolder('dnsmasq') : null;

  before(async () => {
    const hosts = joinPath(folder!.path, 'hosts');
    writeFileSync(hosts, MANY.map((address) => `${address} many.example\n`).join(''));
    const port = blockOn(freePort());
    const basics = [
      '--keep-in-foreground',
      '--log-facility=-',
      '--conf-file=/dev/null',
      '--pid-file',
      '--user=',
      '--no-resolv',
      '--no-hosts',
    ];
    const where = [
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      '--local-ttl=60',
      `--addn-hosts=${hosts}`,
    ];
    // The last of what it says before it answers: how many names it has read.
    server = await ForeignServer.start(folder!, program!, [...basics, ...where, ...RECORDS], 'names', 'SIGTERM');
    resolver = new Resolver({ servers: [`127.0.0.1:${port}`], hosts: null, resolvConf: null });
  });

  after(async () => {
    await server?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  it('every kind of record is found, beside Node and inside blockOn', async () => {
    const all = coroutine(function* () {
      const found = yield* join([
        resolver.resolve4('host.example'),
        resolver.resolve6('host.example'),
        resolver.resolve4('twice.example'),
        resolver.resolveCname('twice.example'),
        resolver.resolveMx('example'),
        resolver.resolveTxt('text.example'),
        resolver.reverse('10.0.0.1'),
        resolver.reverse('fd00::1'),
        resolver.lookup('HOST.example', { family: 6 }),
      ]);
      assert.deepEqual(found, [
        ['10.0.0.1'],
        ['fd00::1'],
        ['10.0.0.1'],
        ['alias.example'],
        [{ exchange: 'host.example', priority: 20 }],
        [['hello', 'dear world']],
        ['host.example'],
        ['host.example'],
        [{ address: 'fd00::1', family: 6 }],
      ]);
      assert.deepEqual(yield* resolver.resolveSrv('_http._tcp.example'), [
        { name: 'here.example', port: 8081, priority: 1, weight: 5 },
        { name: 'host.example', port: 8080, priority: 10, weight: 5 },
      ]);
    });
    await run(all());
    const { sent } = resolver.metrics;
    blockOn(all());
    assert.equal(resolver.metrics.sent, sent, 'the second time nobody is asked');
  });

  it('an answer that is too long for a datagram comes over TCP', () => {
    const before = resolver.metrics.overTcp;
    const found = blockOn(resolver.resolve4('many.example'));
    assert.deepEqual(new Set(found), new Set(MANY));
    assert.equal(resolver.metrics.overTcp, before + 1);
  });

  it('a name that is not there, or has no such records, is told', () => {
    for (const [host, code] of [
      ['no.example', 'ENOTFOUND'],
      ['here.example', 'ENODATA'],
    ] as const)
      assert.equal(blockOn(failure(resolver.resolve6(host))).code, code);
    assert.equal(blockOn(failure(resolver.lookup('no.example'))).code, 'ENOTFOUND');
    // It has nobody to ask about names elsewhere.
    assert.equal(blockOn(failure(resolver.resolve4('elsewhere.test'))).code, 'EREFUSED');
  });

  it('a connection is made by name, and nothing is left of the lookup', () => {
    const { descriptors, timers, waiting } = defaultDriver().metrics;
    blockOn(function* () {
      using listener = yield* TcpListener.bind('127.0.0.1:0');
      const { port } = listener.localAddress;
      using stream = yield* TcpStream.connect({ host: 'here.example', port }, { resolver });
      assert.equal(stream.remoteAddress.host, '127.0.0.1');
    });
    const now = defaultDriver().metrics;
    assert.deepEqual([now.descriptors, now.timers, now.waiting], [descriptors, timers, waiting]);
    assert.equal(resolver.metrics.refused, 0);
  });
});
