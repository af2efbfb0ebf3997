/**
 * Against a parser that nobody here wrote: llhttp, as node:http runs it. What we take for a message it must take for the same one; where
 * either is stricter than the other on purpose, the table says so, and is tested.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, METHODS, request as sendRequest, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { sample } from 'fast-check';
import { broken, request, response } from '../../../test/support/http-messages.ts';
import { latin1, type Message, readRequests, readResponses } from '../../../test/support/wire.ts';

const SEED = 20_260_101;

const host = 'Host: a\r\n';
const post = (fields: string, body = ''): string => `POST / HTTP/1.1\r\n${host}${fields}\r\n\r\n${body}`;
const chunks = (body: string): string => post('Transfer-Encoding: chunked', body);
const simple = `GET / HTTP/1.1\r\n${host}\r\n`;

const corpus: string[] = [
  simple,
  simple + simple,
  `\r\n${simple}`,
  'GET / HTTP/1.0\r\n\r\n',
  'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n',
  `GET /${'x'.repeat(4000)} HTTP/1.1\r\n${host}\r\n`,
  `GET /a|b^{c}?"d"=\`<\\> HTTP/1.1\r\n${host}\r\n`,
  `GET http://u.example/x HTTP/1.1\r\n${host}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${host}\r\n`,
  `CONNECT a.example:443 HTTP/1.1\r\n${host}\r\n`,
  `PROPFIND / HTTP/1.1\r\n${host}\r\n`,
  `GET / HTTP/1.1\r\n${host}X: \xe9\xff\t"()\r\nY:z\r\nZ:\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}A: 1\r\na: 2\r\nCookie: x=y\r\ncookie: z\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}${'X: y\r\n'.repeat(90)}\r\n`,
  `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n${simple}`,
  post('Content-Length: 5', `hello${simple}`),
  post('content-length:005', `hello${simple}`),
  post('Content-Length: 0', simple),
  post('Content-Length: 5\r\nExpect: 100-continue', 'hello'),
  chunks(`5\r\nhello\r\n0\r\n\r\n${simple}`),
  chunks(`00005;a=b;c="d\\"e"\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n${simple}`),
  chunks('1\r\nx\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n'),
  post('Transfer-Encoding: CHUNKED', '0\r\n\r\n'),
  // Of these, what one of them makes a message the other must not make another.
  ...sample(broken(request), { seed: SEED, numRuns: 700 }),
];

/** We take these; llhttp does not. */
const taken: Record<string, string> = {
  'a method that is not in its list': `BREW / HTTP/1.1\r\n${host}\r\n`,
  'a later minor version, which RFC 9110 2.5 has us read as 1.1': `GET / HTTP/1.2\r\n${host}\r\n`,
};

/** llhttp takes these; we do not. */
const refused: Record<string, string> = {
  'several empty lines before a request': `\r\n\r\n${simple}`,
  'a fragment in the target': `GET /#a HTTP/1.1\r\n${host}\r\n`,
  'a user in the target': `GET http://u:p@a/ HTTP/1.1\r\n${host}\r\n`,
  'another scheme in the target': `GET ftp://a/ HTTP/1.1\r\n${host}\r\n`,
  'an asterisk without OPTIONS': `GET * HTTP/1.1\r\n${host}\r\n`,
  'a Host that is none': 'GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n',
  'two Hosts': `GET / HTTP/1.1\r\n${host}${host}\r\n`,
  'a coding before chunked': post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
  'chunked in HTTP/1.0': `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a size of 17 digits': chunks('00000000000000005\r\nhello\r\n0\r\n\r\n'),
  'a long chunk extension': chunks(`5;${'x'.repeat(300)}\r\nhello\r\n0\r\n\r\n`),
  'a host among the trailers': chunks('0\r\nHost: b\r\n\r\n'),
};

const responses: string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 999 Caf\xe9\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
  ...sample(broken(response), { seed: SEED, numRuns: 400 }),
];

interface Theirs {
  readonly messages: Message[];
  /** The code of what was refused. */
  readonly error: string | null;
}

const pairs = (raw: readonly string[]): [string, string][] =>
  Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] as string, raw[2 * i + 1] as string]);

/** A message once all of it is there; null if it is cut short. */
async function collect(message: IncomingMessage, line: readonly (string | number)[]): Promise<Message | null> {
  let body = '';
  message.setEncoding('latin1');
  try {
    for await (const piece of message) body += piece as string;
  } catch {
    return null;
  }
  return message.complete
    ? { line, fields: pairs(message.rawHeaders), body, trailers: pairs(message.rawTrailers) }
    : null;
}

describe('what is taken for a request', () => {
  /** Of the connection in hand, in the order of their heads. */
  let messages: Promise<Message | null>[] = [];
  let refusal: string | null = null;
  const server = createServer({ insecureHTTPParser: false, keepAliveTimeout: 1000 });
  const onRequest = (message: IncomingMessage, answer: ServerResponse): void => {
    const line = [message.method ?? '', message.url ?? '', message.httpVersionMinor];
    const collected = collect(message, line);
    messages.push(collected);
    void collected.then(() => answer.end());
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest);
  server.on('connect', (message, socket) => {
    const line = [message.method ?? '', message.url ?? '', message.httpVersionMinor];
    messages.push(Promise.resolve({ line, fields: pairs(message.rawHeaders), body: '', trailers: [] }));
    socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refusal ??= error.code ?? error.message;
    // Not before what came before the error has been given to its readers.
    setImmediate(() => socket.destroy());
  });
  // Else the end of the client's bytes ends the requests that are still being read.
  Object.assign(server, { httpAllowHalfOpen: true });

  before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  after(() => new Promise((closed) => void server.close(closed)));

  /** What node:http makes of a connection's bytes. */
  async function read(text: string): Promise<Theirs> {
    messages = [];
    refusal = null;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => {});
    client.end(latin1(text));
    client.resume();
    await once(client, 'close');
    const complete = (await Promise.all(messages)).filter((message) => message !== null);
    return { messages: complete, error: refusal };
  }

  it('is the same for llhttp', async () => {
    let same = 0;
    for (const text of corpus) {
      const ours = readRequests([latin1(text)]).messages;
      const theirs = await read(text);
      const strange = ours.findIndex(({ line: [method] }) => !METHODS.includes(String(method)));
      // It stops at a method that is not in its list; that aside, what we take it must take, and in the same place.
      if (strange >= 0) assert.equal(theirs.error, 'HPE_INVALID_METHOD', JSON.stringify(text));
      const count = strange < 0 ? ours.length : strange;
      assert.deepEqual(theirs.messages.slice(0, count), ours.slice(0, count), JSON.stringify(text));
      same += count;
    }
    assert.ok(same > 600, `${same} messages`);
  });

  for (const [name, text] of Object.entries(taken)) {
    it(`by us, not by llhttp: ${name}`, async () => {
      assert.equal(readRequests([latin1(text)]).messages.length, 1);
      const { messages, error } = await read(text);
      assert.deepEqual(messages, []);
      assert.match(error ?? '', /^HPE_/);
    });
  }

  for (const [name, text] of Object.entries(refused)) {
    it(`by llhttp, not by us: ${name}`, async () => {
      assert.deepEqual(readRequests([latin1(text)]).messages, []);
      const { messages, error } = await read(text);
      assert.deepEqual([messages.length, error], [1, null]);
    });
  }
});

describe('what is taken for a response', () => {
  let bytes = latin1('');
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  after(() => new Promise((closed) => void server.close(closed)));

  /** The first response that is not of 1xx, as node:http reads it. */
  async function read(text: string): Promise<Message | null> {
    bytes = latin1(text);
    const { port } = server.address() as AddressInfo;
    const sent = sendRequest({ port, host: '127.0.0.1', agent: false, insecureHTTPParser: false });
    // What is wrong behind the response shows in it.
    sent.on('error', () => {});
    sent.on('upgrade', (_, socket) => socket.destroy());
    sent.end();
    try {
      const [message] = (await once(sent, 'response')) as [IncomingMessage];
      const line = [message.httpVersionMinor, message.statusCode ?? 0, message.statusMessage ?? ''];
      return await collect(message, line);
    } catch {
      return null;
    } finally {
      sent.destroy();
    }
  }

  it('is the same for llhttp', async () => {
    let same = 0;
    for (const text of responses) {
      const { messages } = readResponses([latin1(text)]);
      const final = messages.find(({ line }) => Number(line[1]) >= 200);
      if (final === undefined) continue;
      assert.deepEqual(await read(text), final, JSON.stringify(text));
      same++;
    }
    assert.ok(same > 150, `${same} messages`);
  });
});
