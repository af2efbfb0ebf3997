/** The echo server over pawl/net: a coroutine for each connection, supervised, so that a reset connection ends nobody else. */
import { coroutine, PawlError, run, supervise } from 'pawl';
import { TcpListener, type TcpStream } from 'pawl/net';

/** A read that waits holds its buffer, so that an idle connection pays for it: four messages, not a page. */
const CHUNK = 256;

const echo = coroutine(function* (stream: TcpStream) {
  using connection = stream;
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const length = yield* connection.read(buffer);
    if (length === 0) return;
    yield* connection.writeAll(buffer.subarray(0, length));
  }
});

// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();

await run(function* () {
  using listener = yield* TcpListener.bind('127.0.0.1:0', { backlog: 4096, noDelay: true });
  console.log(listener.localAddress.port);
  // The load generator leaves without reading to the end, which resets its connections.
  const onFailure = (error: unknown): void => {
    if (!(error instanceof PawlError && error.code === 'ECONNRESET')) console.error(error);
  };
  yield* supervise(
    function* (scope) {
      for (;;) void scope.spawn(echo(yield* listener.accept()));
    },
    { onFailure },
  );
});
