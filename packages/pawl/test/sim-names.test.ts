/** Names in simulated worlds: servers that are cut off, packets that are lost, answers that expire, files that change, a family without a way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Instant, join, PawlError, sleep, spawn, type Steps } from 'pawl';
import { makeDir, writeFile } from 'pawl/fs';
import { Resolver, TcpListener, TcpStream } from 'pawl/net';
import { simulate } from 'pawl/testing';
import { parseIp } from '../src/net/dns/ip.ts';
import { a, soa, write, type WrittenRecord } from './support/dns-messages.ts';
import { type Answering, type Asked, dnsServer } from './support/dns-server.ts';
import { failure } from './support/loopback.ts';

const aaaa = (of: string, address: string): WrittenRecord => ({
  name: of,
  type: 'AAAA',
  ttl: 60,
  data: parseIp(address),
});

const reply = ({ id, name, type }: Asked, answers: readonly WrittenRecord[]): Uint8Array =>
  write({
    id,
    questions: [{ name, type: type as 'A' }],
    answers,
    authorities: answers.length > 0 ? [] : [soa('example', 30, 30)],
  });

/** A host's program: a name server at port 53 of all its addresses, for ever. */
const serving = (answer: Answering) =>
  function* () {
    using _server = yield* dnsServer(answer, '0.0.0.0', 53);
    yield* sleep(Infinity);
  };

/** Whatever else happens there, packets arrive and timers are in time. */
const PUNCTUAL = { link: { loss: 0 }, freedoms: { lateTimer: 0, lateWake: 0, again: 0 } } as const;

const only = { hosts: null, resolvConf: null } as const;

describe('in a simulated world, a resolver', () => {
  it('finds names though packets are lost, and gives up at the same time in each world', async () => {
    await simulate({ seeds: 30, check: true, link: { loss: 0.2 } }, function* (world) {
      const answer: Answering = (asked) => [reply(asked, asked.type === 'A' ? [a('a.example', '10.9.9.9')] : [])];
      world.host('ns', serving(answer));
      const resolver = new Resolver({ ...only, servers: [world.address('ns')], timeout: 500, attempts: 10 });
      yield* sleep(10);
      const all = yield* join([
        resolver.lookup('a.example'),
        resolver.lookup('a.example'),
        resolver.resolve4('a.example'),
      ]);
      assert.deepEqual(all[0], [{ address: '10.9.9.9', family: 4 }]);
      assert.equal(resolver.metrics.pending, 0);
    });
  });

  it('goes to the next server when one is cut off, and comes back', async () => {
    await simulate({ ...PUNCTUAL, seeds: 10 }, function* (world) {
      for (const name of ['one', 'two'])
        world.host(
          name,
          serving((asked) => [reply(asked, [a('a.example', name === 'one' ? '10.9.9.1' : '10.9.9.2')])]),
        );
      const servers = ['one', 'two'].map((name) => world.address(name));
      const resolver = new Resolver({ ...only, servers, timeout: 2000, attempts: 2, cacheSize: 0 });
      yield* sleep(10);
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.9.9.1']);
      world.partition('main', 'one');
      const began = Instant.now();
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.9.9.2']);
      assert.ok(began.elapsed() >= 2000 && began.elapsed() < 2100);
      world.partition('main', 'two');
      const late = Instant.now();
      assert.equal((yield* failure(resolver.resolve4('a.example'))).code, 'ETIMEOUT');
      assert.ok(late.elapsed() >= 12_000 && late.elapsed() < 12_100, `${late.elapsed()}`);
      world.heal();
      assert.deepEqual(yield* resolver.resolve4('a.example'), ['10.9.9.1']);
    });
  });

  it('keeps an answer as long as it lasts, and that there is none as long as the zone says', async () => {
    await simulate({ ...PUNCTUAL, seeds: 5 }, function* (world) {
      let asked = 0;
      world.host(
        'ns',
        serving(
          (query) => (asked++, [reply(query, query.name === 'a.example' ? [a('a.example', '10.9.9.9', 60)] : [])]),
        ),
      );
      const resolver = new Resolver({ ...only, servers: [world.address('ns')] });
      yield* sleep(10);
      const ask = function* () {
        yield* resolver.resolve4('a.example');
        assert.equal((yield* failure(resolver.resolve4('b.example'))).code, 'ENODATA');
        return asked;
      };
      assert.equal(yield* ask(), 2);
      yield* sleep(29_000);
      assert.equal(yield* ask(), 2);
      yield* sleep(2000);
      assert.equal(yield* ask(), 3);
      yield* sleep(28_000);
      assert.equal(yield* ask(), 3);
      yield* sleep(2000);
      assert.equal(yield* ask(), 5);
    });
  });

  it('says that descriptors are short, and does not take it for a server that is silent', async () => {
    await simulate({ ...PUNCTUAL, seeds: 5 }, function* (world) {
      const codes: string[] = [];
      const poor = function* (): Steps<void> {
        const resolver = new Resolver({ ...only, servers: ['10.9.9.9', '10.9.9.8'] });
        codes.push((yield* failure(resolver.resolve4('a.example'))).code, (yield* failure(resolver.lookup('a'))).code);
      };
      world.host('poor', poor, { descriptors: 0 });
      yield* sleep(100);
      assert.deepEqual(codes, ['EMFILE', 'EMFILE']);
    });
  });

  it("does what the host's files say, and what they say now", async () => {
    await simulate({ ...PUNCTUAL, seeds: 5 }, function* (world) {
      const answers = (address: string) =>
        serving((asked) => [reply(asked, asked.name === 'a.one.example' ? [a(asked.name, address)] : [])]);
      world.host('one', answers('10.9.9.1'));
      world.host('two', answers('10.9.9.2'));
      const four = { family: 4 } as const;
      const resolver = new Resolver();
      assert.deepEqual(yield* resolver.lookup('localhost', four), [{ address: '127.0.0.1', family: 4 }]);
      // Without a file the server is this machine's own, and there is none.
      assert.equal((yield* failure(resolver.lookup('a', four))).code, 'ECONNREFUSED');
      yield* makeDir('/etc', { recursive: true });
      yield* writeFile('/etc/resolv.conf', `nameserver ${world.address('one')}\nsearch one.example\n`);
      yield* sleep(1100);
      assert.deepEqual(yield* resolver.lookup('a', four), [{ address: '10.9.9.1', family: 4 }]);
      yield* writeFile('/etc/resolv.conf', `nameserver ${world.address('two')}\nsearch one.example\n`);
      yield* sleep(1100);
      assert.deepEqual(yield* resolver.lookup('a', four), [{ address: '10.9.9.2', family: 4 }]);
      yield* writeFile('/etc/hosts', '10.9.9.3 a\n');
      yield* sleep(1100);
      assert.deepEqual(yield* resolver.lookup('a', four), [{ address: '10.9.9.3', family: 4 }]);
    });
  });
});

describe('in a simulated world, connecting to a name', () => {
  const accepting = function* (): Steps<void> {
    using listener = yield* TcpListener.bind('[::]:80');
    for (;;) (yield* listener.accept()).close();
  };

  it('gets there by IPv4 when there is no way by IPv6, a quarter of a second later', async () => {
    await simulate({ ...PUNCTUAL, seeds: 20 }, function* (world) {
      // One name, a machine for each of its families; to one of them there is a black hole.
      const six = world.host('six', accepting);
      const four = world.host('four', accepting);
      const machine = world.address('four');
      world.host(
        'ns',
        serving((asked) => [
          reply(asked, asked.type === 'A' ? [a(asked.name, machine)] : [aaaa(asked.name, six.address6)]),
        ]),
      );
      const resolver = new Resolver({ ...only, servers: [world.address('ns')] });
      yield* sleep(10);
      const connect = function* () {
        const began = Instant.now();
        using stream = yield* TcpStream.connect('both.example:80', { resolver });
        return [stream.remoteAddress.family, began.elapsed()] as const;
      };
      const [family] = yield* connect();
      assert.equal(family, 6);
      world.partition('main', 'six');
      const [other, took] = yield* connect();
      assert.ok(other === 4 && took >= 250 && took < 400, `${other} after ${took} ms`);
      four.crash();
      world.heal();
      assert.equal((yield* connect())[0], 6);
    });
  });

  it('does not wait for a server that is slow about IPv6', async () => {
    await simulate({ ...PUNCTUAL, seeds: 10 }, function* (world) {
      world.host('four', accepting);
      const machine = world.address('four');
      world.host(
        'ns',
        serving((asked) => (asked.type === 'A' ? [reply(asked, [a(asked.name, machine)])] : [])),
      );
      const resolver = new Resolver({ ...only, servers: [world.address('ns')] });
      yield* sleep(10);
      const began = Instant.now();
      using stream = yield* TcpStream.connect('four.example:80', { resolver });
      assert.ok(began.elapsed() >= 50 && began.elapsed() < 150, `${began.elapsed()}`);
      assert.equal(stream.remoteAddress.family, 4);
    });
  });

  it('is cancelled at any time without a trace', async () => {
    await simulate({ seeds: 60 }, function* (world) {
      const six = world.host('six', accepting);
      world.host(
        'ns',
        serving((asked) => [
          reply(asked, asked.type === 'A' ? [a(asked.name, '10.77.0.1')] : [aaaa(asked.name, six.address6)]),
        ]),
      );
      world.partition('main', 'six');
      const resolver = new Resolver({ ...only, servers: [world.address('ns')], timeout: 300, attempts: 1 });
      yield* sleep(10);
      const connecting = spawn(TcpStream.connect('both.example:80', { resolver }));
      yield* sleep(world.choose(700));
      connecting.abort();
      const error = yield* failure(connecting);
      assert.ok(error instanceof PawlError && ['CANCELLED', 'EHOSTUNREACH'].includes(error.code), error.code);
      assert.equal(resolver.metrics.pending, 0);
    });
  });
});
