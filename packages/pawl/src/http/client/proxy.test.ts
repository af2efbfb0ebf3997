/** Proxies: whom the environment names, and how they are spoken to. */
import assert from 'node:assert/strict';
import { connect as dial } from 'node:net';
import { describe, test } from 'node:test';
import { type Certified, certificate } from '../../../test/support/certificates.ts';
import { nodeServer, ok, rawServer, type TestServer } from '../../../test/support/http-servers.ts';
import { run } from '../../task/run.ts';
import { Client } from './client.ts';
import { proxiesOf } from './proxy.ts';
import { Target } from './target.ts';
import { secureServer } from '../../../test/support/https-server.ts';

type Environment = Readonly<Record<string, string>>;

/** `host:port` of the proxy for a URL, or `direct`. */
const through = (environment: Environment, url: string): string => {
  const proxy = proxiesOf(environment).of(Target.of(url));
  return proxy === null ? 'direct' : `${proxy.host}:${proxy.port}`;
};

describe('the environment', () => {
  test('names a proxy for each scheme, or one for all', () => {
    const each = { http_proxy: 'http://a:1', https_proxy: 'http://b:2' };
    assert.equal(through(each, 'http://x/'), 'a:1');
    assert.equal(through(each, 'https://x/'), 'b:2');
    assert.equal(through({ http_proxy: 'http://a:1' }, 'https://x/'), 'direct');
    assert.equal(through({ ALL_PROXY: 'a' }, 'https://x/'), 'a:80');
    assert.equal(through({ all_proxy: 'a', HTTPS_PROXY: 'https://b' }, 'https://x/'), 'b:443');
    assert.equal(through({ http_proxy: '', HTTP_PROXY: 'http://b' }, 'http://x/'), 'direct');
    assert.equal(through({}, 'http://x/'), 'direct');
    assert.throws(
      () => proxiesOf({ http_proxy: 'socks5://user:secret@x' }),
      (error: Error & { code?: string }) => error.code === 'BAD_URL' && !error.message.includes('secret'),
    );
  });

  test('of a CGI program may not name one in capitals: a client could', () => {
    const cgi = { REQUEST_METHOD: 'GET', HTTP_PROXY: 'http://evil:1' };
    assert.equal(through({ HTTP_PROXY: 'http://a:1' }, 'http://x/'), 'a:1');
    assert.equal(through(cgi, 'http://x/'), 'direct');
    assert.equal(through({ ...cgi, http_proxy: 'http://a:1' }, 'http://x/'), 'a:1');
  });

  test('makes exceptions', () => {
    const table: readonly [list: string, direct: readonly string[], proxied: readonly string[]][] = [
      ['*', ['http://x/', 'http://1.2.3.4:8/'], []],
      ['', [], ['http://x/']],
      [
        'example.com',
        ['http://example.com/', 'http://EXAMPLE.com:8080/', 'http://a.example.com/', 'http://example.com./'],
        ['http://notexample.com/', 'http://example.com.org/'],
      ],
      ['.example.com', ['http://example.com/', 'http://a.b.example.com/'], ['http://notexample.com/']],
      ['*.example.com', ['http://a.example.com/'], ['http://example.org/']],
      ['a.test, b.test c.test', ['http://a.test/', 'http://b.test/', 'http://c.test/'], ['http://d.test/']],
      ['x.test:8080', ['http://x.test:8080/', 'http://y.x.test:8080/'], ['http://x.test/', 'http://x.test:80/']],
      ['127.0.0.1', ['http://127.0.0.1:7/', 'http://0x7f.1/'], ['http://127.0.0.2/']],
      ['127.0.0.1:7', ['http://127.0.0.1:7/'], ['http://127.0.0.1:8/']],
      [
        '10.0.0.0/8,192.168.0.0/16',
        ['http://10.255.0.1/', 'http://192.168.9.9/'],
        ['http://11.0.0.1/', 'http://name/'],
      ],
      ['fd00::/8 , [::1]:9', ['http://[fd12::1]/', 'http://[::1]:9/'], ['http://[fe80::1]/', 'http://[::1]/']],
      ['::1', ['http://[::1]/', 'http://[0:0::1]:5/'], ['http://[::2]/']],
      ['10.0.0.0/99,nonsense/3,/8,:', [], ['http://10.0.0.1/']],
    ];
    for (const [list, direct, proxied] of table) {
      for (const url of direct)
        assert.equal(through({ all_proxy: 'p', no_proxy: list }, url), 'direct', `${list} ${url}`);
      for (const url of proxied)
        assert.equal(through({ all_proxy: 'p', NO_PROXY: list }, url), 'p:80', `${list} ${url}`);
    }
  });
});

/** A proxy that makes tunnels, and notes what it is asked. */
const tunnels = (asked: string[], refuse = false): Promise<TestServer> =>
  rawServer(async (line) => {
    const head = await line.head();
    if (head === null) return;
    asked.push(head);
    if (refuse) {
      line.say('HTTP/1.1 407 Who Are You\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [, port] = /^CONNECT [^ ]+:(\d+) /.exec(head) ?? [];
    const { socket } = line;
    socket.removeAllListeners('data');
    socket.pause();
    const far = dial(Number(port), '127.0.0.1', () => {
      line.say('HTTP/1.1 200 Go On\r\n\r\n');
      // It reads text from now on: bytes must pass as they are.
      socket.on('data', (data: string) => far.write(data, 'latin1'));
      far.on('data', (data) => socket.write(data));
      socket.resume();
    });
    socket.on('close', () => far.destroy());
    socket.on('end', () => far.end());
    far.on('close', () => socket.destroy());
    far.on('error', () => socket.destroy());
  });

describe('a proxy', () => {
  test('is asked for the whole URL of what needs no TLS, with its own credentials', async () => {
    const heads: string[] = [];
    await using proxy = await rawServer(async (line) => {
      for (let head = await line.head(); head !== null; head = await line.head()) {
        heads.push(head);
        line.say(ok('by proxy'));
      }
    });
    const url = proxy.url.replace('//', '//us%65r:p%40ss@');
    using client = new Client({ proxy: url });
    await run(function* () {
      for (let i = 0; i < 2; i++) {
        const response = yield* client.get('http://nowhere.test:81/a?b#c', { headers: { a: 'b' } });
        assert.equal(yield* response.text(), 'by proxy');
      }
    });
    assert.equal(proxy.connections, 1);
    assert.equal(heads[0], heads[1]);
    assert.match(heads[0] ?? '', /^GET http:\/\/nowhere\.test:81\/a\?b HTTP\/1\.1\r\nHost: nowhere\.test:81\r\n/);
    const credentials = Buffer.from('user:p@ss').toString('base64');
    assert.ok(heads[0]?.includes(`\r\nProxy-Authorization: Basic ${credentials}\r\n`));
  });

  test('makes a tunnel for TLS, and sees nothing of the request', async () => {
    const asked: string[] = [];
    const certified: Certified = certificate({ hosts: ['secret.test'] });
    await using server = await secureServer(certified, (incoming, outgoing) => outgoing.end(incoming.url));
    await using proxy = await tunnels(asked);
    using client = new Client({ proxy: proxy.url.replace('//', '//me:you@'), tls: { ca: certified.cert } });
    await run(function* () {
      for (let i = 0; i < 2; i++) {
        const response = yield* client.get(`https://secret.test:${server.port}/path`);
        assert.equal(yield* response.text(), '/path');
      }
    });
    const credentials = Buffer.from('me:you').toString('base64');
    const authority = `secret.test:${server.port}`;
    assert.deepEqual(asked, [
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`,
    ]);
  });

  test('that makes none is an error, and leaves no connection', async () => {
    await using proxy = await tunnels([], true);
    using client = new Client({ proxy: proxy.url });
    await assert.rejects(run(client.get('https://secret.test/')), {
      code: 'PROXY_REFUSED',
      message: /407 Who Are You/,
    });
    await using mute = await rawServer(async (line) => {
      await line.head();
      line.socket.end();
    });
    using other = new Client({ proxy: mute.url });
    await assert.rejects(run(other.get('https://secret.test/')), { code: 'UNEXPECTED_EOF' });
    await using chatty = await rawServer(async (line) => {
      await line.head();
      line.say('HTTP/1.1 200 OK\r\n\r\nSSH-2.0');
    });
    using third = new Client({ proxy: chatty.url });
    await assert.rejects(run(third.get('https://secret.test/')), { code: 'PROXY_REFUSED' });
    for (const { connections } of [client, other, third])
      assert.deepEqual(connections, { open: 0, idle: 0, waiting: 0 });
  });

  test('is asked by others by way of the environment, and not for what it excepts', async () => {
    const { http_proxy: before, no_proxy: exceptions } = process.env;
    await using proxy = await nodeServer((incoming, outgoing) => outgoing.end(`proxied ${incoming.url}`));
    await using server = await nodeServer((incoming, outgoing) => outgoing.end(`direct ${incoming.url}`));
    try {
      process.env['http_proxy'] = proxy.url;
      process.env['no_proxy'] = '127.0.0.1';
      using client = new Client();
      const read = (url: string): Promise<string> =>
        run(function* () {
          return yield* (yield* client.get(url)).text();
        });
      assert.equal(await read('http://nowhere.test/x'), 'proxied http://nowhere.test/x');
      assert.equal(await read(`${server.url}/x`), 'direct /x');
    } finally {
      restore('http_proxy', before);
      restore('no_proxy', exceptions);
    }
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
