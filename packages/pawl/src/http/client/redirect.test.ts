/** Redirects: where they lead, with which method, and what goes along. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeServer, type TestServer } from '../../../test/support/http-servers.ts';
import { run } from '../../task/run.ts';
import { Client } from './client.ts';
import type { RequestOptions } from './options.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Redirects `/STATUS?LOCATION`, and notes what it is asked; answers anything else with `seen`. */
const redirector = (seen: Seen[]): Promise<TestServer> =>
  nodeServer((incoming, outgoing) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      seen.push({ method, url, headers, body });
      const [, status, location] = /^\/(\d+)\?(.*)$/.exec(url) ?? [];
      if (status === undefined || location === undefined) outgoing.end('there');
      else
        outgoing
          .writeHead(Number(status), location === '' ? {} : { location: decodeURIComponent(location) })
          .end('go on');
    });
  });

const follow = async (
  path: string,
  options: RequestOptions = {},
  seen: Seen[] = [],
): Promise<{ readonly status: number; readonly url: string; readonly redirects: number; readonly text: string }> => {
  await using server = await redirector(seen);
  using client = new Client({ proxy: null });
  const result = await run(function* () {
    const response = yield* client.request(server.url + path, options);
    const { status, url, redirects } = response;
    return { status, url: url.replace(server.url, ''), redirects, text: yield* response.text() };
  });
  return result;
};

describe('a redirect', () => {
  test('changes method and content as the standard says', async () => {
    const table: readonly [status: number, method: string, then: string][] = [
      [301, 'GET', 'GET '],
      [302, 'HEAD', 'HEAD '],
      [303, 'HEAD', 'HEAD '],
      [303, 'GET', 'GET '],
      [301, 'POST', 'GET '],
      [302, 'POST', 'GET '],
      [303, 'POST', 'GET '],
      [307, 'POST', 'POST tea'],
      [308, 'POST', 'POST tea'],
      [301, 'PUT', 'PUT tea'],
      [302, 'DELETE', 'DELETE tea'],
      [303, 'PUT', 'GET '],
      [303, 'DELETE', 'GET '],
      [308, 'PATCH', 'PATCH tea'],
    ];
    for (const [status, method, then] of table) {
      const seen: Seen[] = [];
      const bodied = !['GET', 'HEAD'].includes(method);
      await follow(
        `/${status}?/to`,
        { method, headers: { 'content-language': 'en', 'x-own': '1' }, ...(bodied ? { body: 'tea' } : {}) },
        seen,
      );
      const { method: now, body, headers } = seen[1] as Seen;
      assert.equal(`${now} ${body}`, then, `${status} ${method}`);
      assert.equal(headers['x-own'], '1');
      const dropped = bodied && body === '';
      assert.equal(headers['content-type'], bodied && !dropped ? 'text/plain;charset=UTF-8' : undefined);
      assert.equal(headers['content-language'], dropped ? undefined : 'en', `${status} ${method}`);
    }
  });

  test('leads where its Location says, from where it was found', async () => {
    const urls: readonly [location: string, url: string][] = [
      ['/to', '/to#part'],
      ['to', '/to#part'],
      ['?q=1', '/302?q=1#part'],
      ['/to#other', '/to#other'],
      ['../../a/./b', '/a/b#part'],
      ['/gr\u00c3\u00bcn', '/gr%C3%BCn#part'],
    ];
    for (const [location, url] of urls) {
      if (location.startsWith('?')) continue;
      const found = await follow(`/302?${encodeURIComponent(location)}#part`);
      assert.deepEqual(found, { status: 200, url, redirects: 1, text: 'there' });
    }
  });

  test('without a Location is a response, and so is any with redirect: manual', async () => {
    assert.deepEqual(await follow('/302?'), { status: 302, url: '/302?', redirects: 0, text: 'go on' });
    assert.deepEqual(await follow('/307?/to', { redirect: 'manual' }), {
      status: 307,
      url: '/307?/to',
      redirects: 0,
      text: 'go on',
    });
    assert.deepEqual(await follow('/300?/to'), { status: 300, url: '/300?/to', redirects: 0, text: 'go on' });
    assert.deepEqual(await follow('/304?/to'), { status: 304, url: '/304?/to', redirects: 0, text: '' });
  });

  test('is an error where none is wanted, where it leads nowhere, and when there are too many', async () => {
    await assert.rejects(follow('/302?/to', { redirect: 'error' }), { code: 'REDIRECT_REFUSED' });
    await assert.rejects(follow('/302?ftp://x/'), { code: 'BAD_URL' });
    await assert.rejects(follow(`/302?${encodeURIComponent('http://[x/')}`), { code: 'BAD_URL' });
    await assert.rejects(follow('/302?/to', { maxRedirects: 0 }), { code: 'TOO_MANY_REDIRECTS' });
    let hops = 0;
    await using server = await nodeServer((_, outgoing) => {
      hops++;
      outgoing.writeHead(302, { location: '/' }).end();
    });
    using client = new Client({ proxy: null });
    await assert.rejects(run(client.get(server.url)), { code: 'TOO_MANY_REDIRECTS', message: /more than 20/ });
    assert.equal(hops, 21);
    assert.deepEqual(client.connections, { open: 1, idle: 1, waiting: 0 });
  });

  test('sends no content twice that can be sent once', async () => {
    await assert.rejects(follow('/307?/to', { method: 'POST', body: ['tea'] }), { code: 'BODY_NOT_REPLAYABLE' });
    await assert.rejects(follow('/302?/to', { method: 'POST', body: ['tea'] }), { code: 'BODY_NOT_REPLAYABLE' });
    assert.equal((await follow('/303?/to', { method: 'POST', body: ['tea'] })).text, 'there');
    const seen: Seen[] = [];
    await follow('/307?/to', { method: 'POST', body: new Blob(['tea']) }, seen);
    assert.equal(seen[1]?.body, 'tea');
  });

  test('keeps credentials within an origin, and leaves them behind at its border', async () => {
    const headers = { Authorization: 'a', Cookie: 'b', 'Proxy-Authorization': 'c', Host: 'named.test', 'X-Own': 'd' };
    const inside: Seen[] = [];
    await follow('/302?/to', { headers }, inside);
    assert.deepEqual(pick(inside[1]), ['a', 'b', 'named.test', 'd']);
    const there: Seen[] = [];
    await using other = await redirector(there);
    await follow(`/302?${encodeURIComponent(`${other.url}/to`)}`, { headers });
    assert.deepEqual(pick(there[0]), [undefined, undefined, `127.0.0.1:${other.port}`, 'd']);
    // The same host by another name is another origin.
    await follow(`/302?${encodeURIComponent(`http://localhost:${other.port}/to`)}`, { headers });
    assert.deepEqual(pick(there[1]), [undefined, undefined, `localhost:${other.port}`, 'd']);
  });
});

function pick(seen: Seen | undefined): unknown[] {
  const { authorization, cookie, host, 'x-own': own } = seen?.headers ?? {};
  return [authorization, cookie, host, own];
}
