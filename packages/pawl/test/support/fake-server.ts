/** A server on a network without a kernel, in virtual time, and what a client of it says and reads. */
import assert from 'node:assert/strict';
import { blockOn, coroutine, sleep, type Future } from 'pawl';
import { type DirectOptions, type Exchange, serve, type Server } from 'pawl/http';
import { start, type Steps } from '../../src/future/coroutine.ts';
import { type FakeConnection, FakeNet } from './fake-net.ts';

/** What a test has in hand. */
export interface Bench {
  readonly net: FakeNet;
  readonly server: Server;
  /** Errors that the server told. */
  readonly errors: unknown[];
  /** Exchanges that are over. */
  readonly exchanges: Exchange[];
  readonly connect: () => FakeConnection;
}

/**
 * Runs a server, and a test of it, to the end: then the server is closed, and nothing may be left of it. Errors that it has told fail the
 * test unless it takes them out.
 */
export function fakeServer(
  options: DirectOptions | DirectOptions['handler'],
  test: (bench: Bench) => Steps<void>,
): void {
  const net = new FakeNet();
  const errors: unknown[] = [];
  const exchanges: Exchange[] = [];
  const given = typeof options === 'function' ? { handler: options } : options;
  blockOn(
    function* () {
      const server = yield* serve({
        onError: (error) => errors.push(error),
        onExchange: (exchange) => exchanges.push(exchange),
        ...given,
      });
      yield* start(test, { net, server, errors, exchanges, connect: () => net.connect() });
      yield* server.close();
      assert.equal(server.connectionCount, 0);
    },
    { driver: net, onReport: (report) => errors.push(report) },
  );
  net.checkClean();
  assert.deepEqual(errors, [], 'errors that nobody expected');
}

/** Lets everything run that can. */
export const settle = (): Future<void> => sleep(1);

/** Sends, lets everything run, and gives what has come. */
export const ask: (client: FakeConnection, text: string) => Future<string> = coroutine(function* (
  client: FakeConnection,
  text: string,
) {
  client.send(text);
  yield* settle();
  return client.read();
});

/** A request's head. */
export function get(path = '/', ...fields: string[]): string {
  return head(`GET ${path} HTTP/1.1`, 'Host: a', ...fields);
}

export function head(...lines: string[]): string {
  return [...lines, '', ''].join('\r\n');
}

/** An answer in its parts; `rest` is what comes behind its head. */
export interface Parsed {
  readonly status: number;
  readonly reason: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly rest: string;
}

/** Takes an answer apart, strictly: by these rules alone, not by the project's parser. */
export function parse(text: string): Parsed {
  const end = text.indexOf('\r\n\r\n');
  assert.ok(end >= 0, `no answer in ${JSON.stringify(text)}`);
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first);
  assert.ok(status !== null, `no status line: ${JSON.stringify(first)}`);
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const field = /^([!#-'*+.^_`|~\w-]+): (.*)$/.exec(line);
    assert.ok(field !== null, `no field: ${JSON.stringify(line)}`);
    const name = (field[1] as string).toLowerCase();
    fields[name] = name in fields ? `${fields[name]}, ${field[2]}` : (field[2] as string);
  }
  return { status: Number(status[1]), reason: status[2] as string, fields, rest: text.slice(end + 4) };
}

/** All answers of a connection, each with a length or chunks, and nothing behind them. The methods say which have no content. */
export function parseAll(text: string, methods: readonly string[] = []): { status: number; content: string }[] {
  const answers: { status: number; content: string }[] = [];
  let left = text;
  while (left !== '') {
    const { status, fields, rest } = parse(left);
    const bodiless = methods[answers.length] === 'HEAD' || status === 204 || status === 304 || status < 200;
    const [content, after] = bodiless ? ['', rest] : contentOf(fields, rest);
    answers.push({ status, content });
    left = after;
  }
  return answers;
}

function contentOf(fields: Readonly<Record<string, string>>, rest: string): [content: string, after: string] {
  if (fields['transfer-encoding'] === 'chunked') return unchunk(rest);
  const length = Number(fields['content-length']);
  assert.ok(Number.isInteger(length), 'neither a length nor chunks');
  assert.ok(rest.length >= length, 'content is missing');
  return [rest.slice(0, length), rest.slice(length)];
}

/** The content of chunks, without their trailers, and what comes behind. */
export function unchunk(text: string): [content: string, after: string] {
  let content = '';
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    assert.ok(end >= 0, 'the last chunk is missing');
    const size = Number.parseInt(text.slice(at, end), 16);
    assert.ok(size >= 0, 'no chunk size');
    at = end + 2;
    if (size === 0) break;
    content += text.slice(at, at + size);
    assert.equal(text.slice(at + size, at + size + 2), '\r\n', 'a chunk has no end');
    at += size + 2;
  }
  while (!text.startsWith('\r\n', at)) {
    at = text.indexOf('\r\n', at) + 2;
    assert.ok(at > 1, 'trailers without end');
  }
  return [content, text.slice(at + 2)];
}
