/**
 * A server that is slow on purpose: `GET /DELAY_MS/MESSAGE` answers MESSAGE after that delay. It logs each request as
 * `#N - DELAYms: MESSAGE`, and whose client has gone before its answer was due.
 *
 * What must hold: a connection that fails takes no other with it, and one whose client has gone stops waiting at once.
 */
import { coroutine, PawlError, race, sleep, supervise } from 'pawl';
import { TcpListener, type TcpStream } from 'pawl/net';
import { parseHead } from './request.ts';

export type Log = (line: string) => void;

const LONGEST_HEAD = 8192;

const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  505: 'HTTP Version Not Supported',
};

/** Serves until the listener is closed, and then until every connection has ended. */
export const serve = coroutine(function* serve(listener: TcpListener, log: Log) {
  let count = 0;
  const onFailure = (error: unknown): void => log(`a connection failed: ${String(error)}`);
  yield* supervise(
    function* (connections) {
      try {
        for (;;) connections.spawn(answer(yield* listener.accept(), ++count, log));
      } catch (error) {
        if (!listener.closed) throw error;
      }
    },
    { onFailure },
  );
});

const answer = coroutine(function* answer(stream: TcpStream, id: number, log: Log) {
  using _closed = stream;
  const head = yield* readHead(stream);
  if (head === undefined) return;
  const request = typeof head === 'number' ? { status: head, reason: 'the head is too long' } : parseHead(head);
  if ('status' in request) {
    log(`#${id} - refused with ${request.status}: ${request.reason}`);
    yield* stream.writeAll(response(request.status, request.reason));
    return;
  }
  const { delay, message } = request;
  log(`#${id} - ${delay}ms: ${message}`);
  const outcome = yield* race([wait(delay), gone(stream)]);
  if (outcome === 'gone') log(`#${id} - the client has closed the connection: nothing left to do`);
  else yield* stream.writeAll(response(200, message));
});

const wait = coroutine(function* wait(delay: number) {
  yield* sleep(delay);
  return 'due';
});

/** Waits for the client's end of the connection, and drops what else it may send. */
const gone = coroutine(function* gone(stream: TcpStream) {
  const dropped = new Uint8Array(1024);
  try {
    while ((yield* stream.read(dropped)) > 0);
  } catch (error) {
    if (!(error instanceof PawlError) || error.code !== 'ECONNRESET') throw error;
  }
  return 'gone';
});

/** The head as text; undefined if the client ends before it is whole, 431 if it is too long. */
const readHead = coroutine(function* readHead(stream: TcpStream) {
  const buffer = new Uint8Array(LONGEST_HEAD);
  let length = 0;
  for (;;) {
    const count = yield* stream.read(buffer.subarray(length));
    if (count === 0) return length < LONGEST_HEAD ? undefined : 431;
    length += count;
    const text = Buffer.from(buffer.buffer, 0, length).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end >= 0) return text.slice(0, end);
  }
});

function response(status: number, body: string): Uint8Array {
  const bytes = Buffer.from(body);
  const fields = [
    `HTTP/1.1 ${status} ${PHRASES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${bytes.length}`,
    ...(status === 405 ? ['Allow: GET'] : []),
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${fields.join('\r\n')}\r\n\r\n`), bytes]);
}
