/** HTTP on as many processes of node:cluster as the first argument says; prints its port. */
import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { compute } from './measures.ts';

const COMPUTE = '/compute';

if (cluster.isPrimary) {
  process.stdin.on('end', () => process.exit()).resume();
  const count = Number(process.argv[2]);
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === count) console.log(port);
  });
  for (let i = 0; i < count; i++) cluster.fork();
} else {
  const server = createServer((request, response) => {
    const body = request.url === COMPUTE ? compute() : 'Hello, World!';
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
    response.end(body);
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
  // Its primary was killed.
  process.on('disconnect', () => process.exit());
}
