/** The application as it is, over sockets: by our server and client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from 'pawl';
import { Client, serve } from 'pawl/http';
import app from './app.ts';

test('an application of Hono runs unchanged', () =>
  run(function* () {
    const server = yield* serve({ fetch: app.fetch });
    using client = new Client();
    const at = (path: string): string => server.url + path;
    const json = { 'Content-Type': 'application/json' };

    assert.match(yield* (yield* client.get(at('/'))).text(), /^notes: /);
    const made = yield* client.request(at('/notes'), { method: 'POST', headers: json, body: '{"text":"tea"}' });
    assert.deepEqual([made.status, made.headers.get('location')], [201, '/notes/1']);
    assert.deepEqual(yield* made.json(), { id: 1, text: 'tea' });
    const wrong = yield* client.request(at('/notes'), { method: 'POST', headers: json, body: '{' });
    assert.deepEqual([wrong.status, yield* wrong.json()], [400, { error: 'a note is { "text": "…" }' }]);

    const note = yield* client.get(at('/notes/1'), { headers: { Origin: 'http://elsewhere' } });
    assert.equal(note.headers.get('access-control-allow-origin'), '*');
    assert.deepEqual(yield* note.json(), { id: 1, text: 'tea' });
    const same = yield* client.get(at('/notes/1'), { headers: { 'If-None-Match': note.headers.get('etag') ?? '' } });
    assert.deepEqual([same.status, yield* same.text()], [304, '']);
    const missing = yield* client.get(at('/notes/7'));
    assert.deepEqual([missing.status, yield* missing.json()], [404, { error: 'there is no note 7' }]);

    const first = yield* client.get(at('/visits'));
    assert.equal(yield* first.text(), 'visit 1');
    const [cookie = ''] = (first.headers.get('set-cookie') ?? '').split(';');
    const second = yield* client.get(at('/visits'), { headers: { Cookie: cookie } });
    assert.equal(yield* second.text(), 'visit 2');

    assert.equal(yield* (yield* client.get(at('/export'))).text(), '1: tea\n');
    const head = yield* client.request(at('/notes'), { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'application/json']);
    // Hono drops the content, and so its length: none is better than a wrong one.
    assert.equal(head.headers.get('content-length'), null);
    const gone = yield* client.request(at('/notes/1'), { method: 'DELETE' });
    assert.deepEqual([gone.status, yield* gone.text()], [204, '']);
    assert.deepEqual(yield* (yield* client.get(at('/notes'))).json(), []);
    yield* server.close();
  }));
