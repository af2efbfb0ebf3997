/** That the suite's own server and load generator are right, and that a wrong answer is found out; no measuring. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server as NodeServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { Programs } from '../harness/machine.ts';
import { Talker } from '../harness/talker.ts';
import { check, HELLO } from './answers.ts';
import { runContest } from './contest.ts';
import { launchServer, type Bench } from './runner.ts';

const compiled = Programs.compile(import.meta.url);
const skip = typeof compiled === 'string' ? compiled : false;
const programs = compiled as Programs;
const bench: Bench = { programs, pin: (_core, command) => command };

let server: Talker;
let port: number;

before(async () => {
  if (skip !== false) return;
  server = new Talker('the C server', [programs.server]);
  port = Number(await server.line());
});
after(async () => {
  if (skip !== false) return;
  await server[Symbol.asyncDispose]();
  programs[Symbol.dispose]();
});

/** Everything the server says to these pieces, sent one after the other, until it closes. */
async function conversation(...pieces: readonly string[]): Promise<string> {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'connect');
  for (const piece of pieces) {
    await new Promise<void>((resolve) => {
      socket.write(piece, 'latin1', () => resolve());
    });
  }
  await once(socket, 'close');
  return answer.replaceAll(/^Date: .*\r\n/gm, '');
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!';
const BAD = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

test('the C server answers as every contender must', { skip }, () => check(port, HELLO));

test('the C server answers pipelined requests in order, wherever they are cut', { skip }, async () => {
  const post = 'POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /';
  const missing = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
  const requests = GET + post + GET + LAST;
  const expected = OK + missing + OK + OK;
  assert.equal(await conversation(requests), expected);
  assert.equal(await conversation(...Array.from(requests)), expected, 'byte by byte');
});

test('the C server refuses what is no request', { skip }, async () => {
  assert.equal(await conversation('GET /\r\n\r\n'), BAD);
  assert.equal(await conversation(`${GET}GET / HTTP/1.1\r\nno colon\r\n\r\n`), OK + BAD);
  assert.equal(await conversation('GET / HTTP/1.1\r\nname : x\r\n\r\n'), BAD, 'space before the colon');
  assert.equal(await conversation('GET / HTTP/1.1\nHost: x\n\n'), BAD, 'a bare line feed');
  assert.match(
    await conversation('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    /^HTTP\/1\.1 501 /,
  );
});

test('the load generator counts what it asked for, and sees which connections stay open', { skip }, async () => {
  const args = ['run', port, server.pid, 4, 3, 0, 1000, 20_000, HELLO.target, HELLO.body].map(String);
  await using load = new Talker('the load generator', [programs.load, ...args]);
  const figures = JSON.parse(await load.line()) as Record<string, number>;
  assert.equal(figures['requests'], 1000);
  // The system counts CPU time in steps that may be longer than this took.
  assert.ok(figures['cpu']! >= 0 && figures['wall']! > 0 && figures['p50']! <= figures['p99']!);
  assert.ok(figures['p99']! <= figures['max']!);

  await using holder = new Talker('the load generator', [programs.load, 'hold', `${port}`, '5', '/', HELLO.body]);
  assert.equal(await holder.line(), 'held');
  holder.tell('how many?');
  assert.equal(await holder.line(), '5');
});

interface Fault {
  readonly status?: number;
  readonly type?: string;
  readonly length?: number;
  readonly body?: string;
  readonly date?: string;
}

/** A server that answers as it should but for one fault. */
async function faulty({
  status = 200,
  type = 'text/plain',
  length = 13,
  body = HELLO.body,
  date,
}: Fault): Promise<NodeServer> {
  const faulty = createServer({ keepAlive: true }, (_request, response) => {
    response.strictContentLength = false;
    response.writeHead(status, { 'content-type': type, 'content-length': length, ...(date && { date }) }).end(body);
  });
  faulty.listen(0, '127.0.0.1');
  await once(faulty, 'listening');
  return faulty;
}

const portOf = (server: NodeServer): number => (server.address() as AddressInfo).port;

test('a contender that answers anything else is not timed', async () => {
  const faults: readonly (readonly [Fault, RegExp])[] = [
    [{ status: 201 }, /status 201 instead of 200/],
    [{ type: 'text/html' }, /content-type "text\/html"/],
    [{ length: 14, body: 'Hello, World!!' }, /content-length "14" instead of "13"/],
    [{ body: 'Hello, world!' }, /body "Hello, world!"/],
    [{ date: 'Thu, 01 Jan 1970 00:00:00 GMT' }, /date Thu, 01 Jan 1970/],
  ];
  for (const [fault, message] of faults) {
    await using server = await faulty(fault);
    await assert.rejects(check(portOf(server), HELLO), message);
    server.closeAllConnections();
  }
});

test('the load generator ends with an error at the first wrong answer', { skip }, async () => {
  const faults: readonly (readonly [Fault, RegExp])[] = [
    [{ status: 500 }, /not the status 200: HTTP\/1\.1 500/],
    [{ length: 14, body: 'Hello, World!!' }, /another Content-Length/],
    [{ body: 'Hello, world!' }, /another body/],
  ];
  for (const [fault, message] of faults) {
    await using server = await faulty(fault);
    const args = ['run', portOf(server), process.pid, 2, 1, 0, 100, 20_000, HELLO.target, HELLO.body].map(String);
    await using load = new Talker('the load generator', [programs.load, ...args]);
    await assert.rejects(load.line(), message);
    server.closeAllConnections();
  }
});

test('a contest goes on without whom it cannot measure, and says why', { skip }, async () => {
  const notes: string[] = [];
  const measure = { title: 'hello', question: HELLO, depth: 1, bounds: { there: 2, away: 2, broken: 2 } };
  const rows = await runContest(
    'http',
    bench,
    {
      starts: {
        Pawl: { command: () => [programs.server] },
        there: { command: () => [programs.server] },
        away: { absent: 'it is not installed' },
        broken: { command: () => ['sh', '-c', 'echo no port >&2; exit 3'] },
      },
      measures: [measure],
      launch: async (bench, name, command) => {
        const runner = await launchServer(bench, name, command);
        return { ...runner, run: (measure) => runner.run(measure, 1) };
      },
    },
    { quick: true, only: null, note: (text) => void notes.push(text), progress() {} },
  );
  const cpu = rows.filter(({ unit }) => unit === 'µs CPU');
  assert.deepEqual(
    // A run of a millisecond may have taken no CPU time that the system has counted: who was measured is seen by the verdict.
    cpu.map(({ peer, holds }) => [peer, holds === null]),
    [
      ['there', false],
      ['away', true],
      ['broken', true],
    ],
  );
  assert.equal(notes.length, 2);
  assert.match(notes.join('\n'), /^away was not measured \(hello\): it is not installed$/m);
  assert.match(notes.join('\n'), /^broken was not measured \(hello\): broken ended early \(code 3\):\nno port/m);
});
