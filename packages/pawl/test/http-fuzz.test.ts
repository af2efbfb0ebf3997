/**
 * Random streams of pipelined requests, cut anywhere, with bytes changed or not, answered by handlers of every kind.
 *
 * What must hold: every request before the first changed byte is answered, in order and to the byte; whatever comes after it, all answers are
 * well formed, the connection ends, and nothing of it is left. A failing run prints its seed: `PAWL_FUZZ_SEED=… ` repeats it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { coroutine, join, sleep, spawn } from 'pawl';
import { type Answer, type DirectOptions, type Handled, HttpError, type ServerRequest } from 'pawl/http';
import { Stream, stream } from 'pawl/stream';
import { dice } from './support/cancel-each.ts';
import { fakeServer, parseAll } from './support/fake-server.ts';
import { realServer } from './support/real-server.ts';

type Dice = (n: number) => number;

const RUNS = 400;
const SEED = Number(process.env['PAWL_FUZZ_SEED'] ?? Math.floor(Math.random() * 1e9));
const ONCE = process.env['PAWL_FUZZ_SEED'] !== undefined;

/** The answer to a request whose content is known. */
const said = ({ method, path }: ServerRequest, content: string): string => `${method} ${path} ${content}`;

const read = coroutine(function* (request: ServerRequest) {
  return said(request, yield* request.body.text());
});

/** By the path: the kinds of handlers. `promises` are only for where Node's own loop runs. */
const kinds: Record<string, (request: ServerRequest) => Handled> = {
  now: (request) => said(request, ''),
  parts: (request) => ({ status: 201, headers: { 'X-Kind': 'parts' }, body: said(request, '') }),
  read,
  late: coroutine(function* (request: ServerRequest) {
    yield* sleep(3);
    return yield* read(request);
  }),
  both: coroutine(function* (request: ServerRequest) {
    const [answer] = yield* join([read(request), sleep(1)]);
    return answer;
  }),
  spawns: (request) => {
    spawn(sleep(2));
    return said(request, '');
  },
  pieces: (request) => ({
    body: stream<string>(function* (emit) {
      yield* emit(said(request, ''));
      yield* sleep(1);
      for (const piece of ['a', '', 'b'.repeat(40_000)]) yield* emit(piece);
    }),
  }),
  echo: (request) => ({ body: Stream.concat(Stream.of(said(request, '')), request.body.chunks().map(latin1)) }),
  throws: () => {
    throw new Error('on purpose');
  },
  fails: coroutine(function* () {
    yield* sleep(1);
    throw new Error('on purpose');
  }),
};

const promises: Record<string, (request: ServerRequest) => Handled> = {
  promise: async (request) => said(request, await request.body.text()),
  later: async (request) => {
    await turn();
    return said(request, '');
  },
  rejects: async () => {
    await turn();
    throw new Error('on purpose');
  },
  web: async (request) => ({ body: new Blob([said(request, '')]).stream() }),
};

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A request, and what its answer has to be. */
interface Made {
  readonly text: string;
  readonly status: number;
  readonly content: string;
}

function makeRequest(roll: Dice, names: readonly string[], last: boolean): Made {
  const kind = names[roll(names.length)] as string;
  const path = `/${kind}/${roll(1000)}`;
  const reads = ['read', 'late', 'both', 'echo', 'promise'].includes(kind);
  // Long content that a handler does not read ends the connection, and so does content that it lets wait for a word.
  const length = roll(2) === 0 ? 0 : reads && roll(4) === 0 ? roll(100_000) : roll(60);
  const content = String.fromCharCode(97 + roll(26)).repeat(length);
  const method = content === '' ? 'GET' : 'POST';
  const fields = ['Host: a'];
  for (let i = roll(4); i > 0; i--) fields.push(`X-${roll(100)}: ${'v'.repeat(roll(200))}`);
  if (last && roll(2) === 0) fields.push('Connection: close');
  let body = '';
  if (content !== '') {
    if (reads && roll(4) === 0) fields.push('Expect: 100-continue');
    if (roll(2) === 0) {
      fields.push('Transfer-Encoding: chunked');
      for (let at = 0; at < content.length;) {
        const chunk = content.slice(at, at + 1 + roll(content.length));
        body += `${chunk.length.toString(16)}${roll(8) === 0 ? ';x=y' : ''}\r\n${chunk}\r\n`;
        at += chunk.length;
      }
      body += roll(4) === 0 ? '0\r\nX-Trailer: t\r\n\r\n' : '0\r\n\r\n';
    } else {
      fields.push(`Content-Length: ${content.length}`);
      body = content;
    }
  }
  const text = `${[`${method} ${path} HTTP/1.1`, ...fields, '', ''].join('\r\n')}${body}`;
  const start = `${method} ${path} `;
  if (['throws', 'fails', 'rejects'].includes(kind)) return { text, status: 500, content: 'Internal Server Error\n' };
  if (kind === 'pieces') return { text, status: 200, content: `${start}a${'b'.repeat(40_000)}` };
  return { text, status: kind === 'parts' ? 201 : 200, content: reads ? start + content : start };
}

/** One client's stream, and how much of it is sure to be answered. */
interface Script {
  readonly pieces: readonly string[];
  readonly answers: readonly Made[];
  readonly changed: boolean;
}

function makeScript(roll: Dice, names: readonly string[]): Script {
  const count = 1 + roll(8);
  const made = Array.from({ length: count }, (_, at) => makeRequest(roll, names, at === count - 1));
  let text = made.map((request) => request.text).join('');
  let sure = made.length;
  const changed = roll(2) === 0;
  if (changed) {
    const at = roll(text.length);
    const byte = String.fromCharCode(roll(256));
    const kind = roll(4);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    if (kind === 0) text = before + byte + after;
    else if (kind === 1) text = before + after.slice(1);
    else if (kind === 2) text = before + byte + after.slice(1);
    else text = before;
    let end = 0;
    sure = made.findIndex((request) => (end += request.text.length) > at);
  }
  const pieces: string[] = [];
  const most = roll(3) === 0 ? 10 : 5000;
  for (let at = 0; at < text.length;) {
    // Small pieces of a long stream would take long.
    const size = 1 + roll(Math.max(most, text.length >> 8));
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return { pieces, answers: made.slice(0, sure), changed };
}

function check({ answers, changed }: Script, received: string, aborted: boolean): void {
  const sure = answers.map(({ status, content }) => [status, content]);
  // A stream that breaks off in the middle of a reset has no end.
  const whole = parseAll(received.replace(/HTTP\/1\.1 100 Continue\r\n\r\n/g, ''));
  const got = whole.map(({ status, content }) => [status, content]);
  assert.deepEqual(got.slice(0, sure.length), sure);
  if (!changed) assert.equal(got.length, sure.length);
  if (!changed) assert.equal(aborted, false, 'a connection without fault was reset');
}

const handler =
  (of: typeof kinds): DirectOptions['handler'] =>
  (request) => {
    const kind = of[request.path.split('/')[1] as string];
    if (request.method === 'CONNECT' || kind === undefined) return { status: 404 } satisfies Answer;
    return kind(request);
  };

/** What the handlers threw on purpose, and what the clients have done wrong, is no failure of the test. */
function expected(error: unknown): boolean {
  return error instanceof Error && (error.message === 'on purpose' || error instanceof HttpError);
}

void test('a connection without a kernel', (t) => {
  t.diagnostic(`seed ${SEED}`);
  for (let run = 0; run < (ONCE ? 1 : RUNS); run++) {
    const seed = ONCE ? SEED : (SEED + run) % 1e9;
    try {
      once(seed);
    } catch (error) {
      throw new Error(`PAWL_FUZZ_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
});

function once(seed: number): void {
  const roll = dice(seed);
  const script = makeScript(roll, Object.keys(kinds));
  const slow = roll(3) === 0;
  const together = roll(2) === 0;
  const gone = roll(8) === 0;
  fakeServer(handler(kinds), function* ({ connect, errors }) {
    const client = connect();
    if (slow) client.window = 100;
    for (const piece of script.pieces) {
      client.send(piece);
      if (!together) yield* sleep(1);
      if (slow) client.take(roll(5000));
      if (gone && roll(script.pieces.length) === 0) {
        client.reset();
        break;
      }
    }
    client.fin().take(Infinity);
    yield* sleep(200);
    assert.ok(client.closed, 'the connection has not ended');
    const told = errors.splice(0).filter((error) => !expected(error));
    assert.deepEqual(told, []);
    // What came behind an answer that broke off for the client's fault is not to be had.
    if (!gone && !(script.changed && client.aborted)) check(script, client.read(), client.aborted);
  });
}

void test('connections of the real network, with promises', async (t) => {
  const seed = SEED;
  t.diagnostic(`seed ${seed}`);
  const roll = dice(seed);
  const all = { ...kinds, ...promises };
  await realServer({ handler: handler(all) }, async ({ connect, errors, server }) => {
    await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const script = makeScript(roll, Object.keys(all));
        const client = await connect();
        for (const piece of script.pieces) {
          client.send(piece);
          if (at % 2 === 0) await turn();
        }
        client.fin();
        const received = await client.rest();
        if (!(script.changed && client.error !== null)) check(script, received, client.error !== null);
      }),
    ).catch((error: unknown) => {
      throw new Error(`PAWL_FUZZ_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    });
    while (server.connectionCount > 0) await turn();
    assert.deepEqual(
      errors.splice(0).filter((error) => !expected(error)),
      [],
    );
  });
});
