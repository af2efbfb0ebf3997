import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { coroutine, type PawlError, ready, sleep } from 'pawl';
import type { Answer, AnswerParts, ServerRequest } from 'pawl/http';
import type { Duplex } from 'pawl/io';
import { ask, fakeServer, get, head, parse, settle } from '../../../test/support/fake-server.ts';

type Upgrade = NonNullable<AnswerParts['upgrade']>;

const asking = (...fields: string[]): string => get('/', 'Connection: Upgrade', 'Upgrade: echo', ...fields);
const connect = head('CONNECT a:1 HTTP/1.1', 'Host: a:1');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const echo: Upgrade = coroutine(function* (stream: Duplex) {
  const buffer = new Uint8Array(5);
  for (;;) {
    const count = yield* stream.read(buffer);
    if (count === 0) return;
    for (let at = 0; at < count;) at += yield* stream.write(buffer.subarray(at, count));
  }
});

/** Hands the connection over, as the request wants it. */
const over =
  (upgrade: Upgrade) =>
  (request: ServerRequest): Answer => ({
    status: request.method === 'CONNECT' ? 200 : 101,
    upgrade,
  });

describe('a connection that is handed over', () => {
  for (const [name, request, status] of [
    ['with 101', asking(), 101],
    ['with 200 to CONNECT', connect, 200],
  ] as const) {
    test(`${name}: the head comes first, and then the new protocol, whoever begins it`, () => {
      fakeServer(over(echo), function* ({ connect: open, exchanges }) {
        const client = open();
        const { status: told, fields, rest } = parse(yield* ask(client, request));
        assert.deepEqual([told, rest], [status, '']);
        assert.equal(fields['connection'], status === 101 ? 'Upgrade' : undefined);
        assert.equal(fields['upgrade'], status === 101 ? 'echo' : undefined);
        assert.equal(fields['content-length'], undefined);
        assert.equal(fields['transfer-encoding'], undefined);
        assert.equal(yield* ask(client, 'hello'), 'hello');
        assert.equal(yield* ask(client, get('/looks like HTTP')), get('/looks like HTTP'));
        // Its times are its own.
        yield* sleep(600_000);
        assert.equal(yield* ask(client, 'still'), 'still');
        client.fin();
        yield* settle();
        assert.deepEqual([client.closed, client.aborted, exchanges.length], [true, false, 1]);
      });
    });

    test(`${name}: what came early reaches the new protocol first`, () => {
      fakeServer(over(echo), function* ({ connect: open }) {
        const client = open();
        const early = 'early bytes, longer than a read';
        assert.equal(parse(yield* ask(client, request + early)).rest, early);
        assert.equal(yield* ask(client, ' and late'), ' and late');
        client.fin();
      });
    });
  }

  test('is closed when the new protocol has ended, and what it has said arrives', () => {
    const farewell = coroutine(function* (stream: Duplex) {
      yield* stream.write(bytes('bye'));
    });
    fakeServer(over(farewell), function* ({ connect: open }) {
      const client = open();
      assert.equal(parse(yield* ask(client, asking())).rest, 'bye');
      client.send('unread').fin();
      yield* settle();
      assert.deepEqual([client.closed, client.aborted], [true, false]);
    });
  });

  test('may be closed by the new protocol', () => {
    const closing = coroutine(function* (stream: Duplex) {
      yield* stream.shutdown();
      stream.close();
    });
    fakeServer(over(closing), function* ({ connect: open }) {
      const client = open();
      assert.equal(parse(yield* ask(client, asking())).rest, '');
      assert.ok(client.closed);
    });
  });

  test('has its head sent also when nothing is said afterwards', () => {
    fakeServer(
      over(() => ready(undefined)),
      function* ({ connect: open }) {
        const client = open();
        assert.equal(parse(yield* ask(client, asking())).status, 101);
        client.fin();
        yield* settle();
        assert.equal(client.aborted, false);
      },
    );
  });

  test('may be served by a generator', () => {
    const upgrade = function* (stream: Duplex) {
      yield* stream.write(bytes('made'));
    };
    fakeServer(over(upgrade as unknown as Upgrade), function* ({ connect: open }) {
      const client = open();
      assert.equal(parse(yield* ask(client, asking())).rest, 'made');
      client.fin();
    });
  });

  test('and whose protocol fails is broken off, and told', () => {
    const oops = new Error('oops');
    const failing = coroutine(function* (stream: Duplex) {
      yield* stream.read(new Uint8Array(1));
      throw oops;
    });
    fakeServer(over(failing), function* ({ connect: open, errors, exchanges }) {
      const client = open();
      assert.equal(parse(yield* ask(client, asking())).status, 101);
      yield* ask(client, 'x');
      assert.deepEqual([client.closed, client.aborted], [true, true]);
      assert.deepEqual(errors.splice(0), [oops]);
      assert.equal(exchanges[0]?.complete, false);
    });
  });

  test('names its protocol once, in the handler’s words if it has some', () => {
    fakeServer(
      () => ({ status: 101, headers: { Upgrade: 'echo/2', Connection: 'close' }, upgrade: echo }),
      function* ({ connect: open }) {
        const client = open();
        const { fields } = parse(yield* ask(client, asking()));
        assert.deepEqual([fields['upgrade'], fields['connection']], ['echo/2', 'Upgrade']);
        client.fin();
      },
    );
  });

  const refused: [name: string, request: string, answer: Answer][] = [
    ['to a client that did not ask', get(), { status: 101, upgrade: echo }],
    ['to HTTP/1.0', head('GET / HTTP/1.0', 'Connection: Upgrade', 'Upgrade: echo'), { status: 101, upgrade: echo }],
    ['with 200 to anything but CONNECT', asking(), { upgrade: echo }],
    ['with 404 to CONNECT', connect, { status: 404, upgrade: echo }],
    ['with 101 to CONNECT', connect, { status: 101, upgrade: echo }],
    [
      'while its content was not read',
      `${head('POST / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: echo', 'Content-Length: 3')}abc`,
      { status: 101, upgrade: echo },
    ],
  ];
  for (const [name, request, answer] of refused) {
    test(`is not handed over ${name}`, () => {
      fakeServer(
        () => answer,
        function* ({ connect: open, errors }) {
          const client = open();
          assert.equal(parse(yield* ask(client, request)).status, 500);
          assert.equal((errors.splice(0)[0] as PawlError).code, 'BAD_ARGUMENT');
          client.fin();
        },
      );
    });
  }

  test('an upgrade that the handler passes over is an ordinary request', () => {
    fakeServer(
      ({ upgrade }) => `no ${upgrade}`,
      function* ({ connect: open }) {
        const client = open();
        assert.equal(parse(yield* ask(client, asking())).rest, 'no echo');
        assert.equal(parse(yield* ask(client, asking())).rest, 'no echo');
      },
    );
  });

  test('is cancelled when the server stops, and its cleanup runs', () => {
    const events: string[] = [];
    const endless = coroutine(function* (stream: Duplex) {
      try {
        yield* stream.read(new Uint8Array(1));
      } finally {
        yield* sleep(5);
        events.push('cleaned up');
      }
    });
    fakeServer(over(endless), function* ({ connect: open, server }) {
      const client = open();
      yield* ask(client, asking());
      yield* server.close({ deadline: 50 });
      assert.deepEqual([client.closed, events], [true, ['cleaned up']]);
    });
  });
});
