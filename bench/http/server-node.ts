/** Both routes over node:http, the way that costs it least: one head at once with its length, one body. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An idle connection must outlive the measure of idle connections. */
const KEEP_ALIVE_MS = 120_000;

const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
  const target = request.url!;
  if (target === '/') answer('text/plain', 'Hello, World!');
  else if (target.startsWith('/user/'))
    answer('application/json', JSON.stringify({ id: target.slice(6), name: 'Ada' }));
  else response.writeHead(404, { 'content-length': 0 }).end();

  function answer(type: string, body: string): void {
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(body);
  }
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
