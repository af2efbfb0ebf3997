/** A client that is just enough for the delay server: one request a connection, the answer's length known. */
import { coroutine } from 'pawl';
import { TcpStream, type SocketAddress } from 'pawl/net';

/** Where a request has got to: `sent` once it is with the kernel, `answered` when the first bytes have come. */
export type Stage = 'sent' | 'answered';

/** The body of the answer to a GET. Throws when the status is not 200. */
export const get = coroutine(function* get(
  server: SocketAddress,
  path: string,
  onStage: (stage: Stage) => void = () => {},
) {
  using stream = yield* TcpStream.connect(server);
  const request = `GET ${path} HTTP/1.1\r\nHost: ${server.host}:${server.port}\r\nConnection: close\r\n\r\n`;
  yield* stream.writeAll(Buffer.from(request));
  onStage('sent');
  const buffer = Buffer.alloc(16_384);
  let length = 0;
  for (;;) {
    const count = yield* stream.read(buffer.subarray(length));
    if (count === 0) break;
    if (length === 0) onStage('answered');
    length += count;
  }
  const text = buffer.toString('utf8', 0, length);
  const parts = /^HTTP\/1\.1 (?<status>\d{3}) [^\r]*\r\n(?:[^\r]+\r\n)*\r\n(?<body>[^]*)$/.exec(text)?.groups;
  if (parts?.['status'] !== '200') throw new Error(`GET ${path} was answered with ${text.split('\r\n')[0]}`);
  return parts['body'] ?? '';
});
