/**
 * The echo server over node:net, in two ways, both with the back-pressure that an echo needs: `pipe`, as Node's own documentation has
 * it and the fastest; `iterate`, one sequential function for each connection, as Pawl's server has it.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const echo = process.argv[2] === 'iterate' ? iterate : pipe;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  echo(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();

function pipe(socket: Socket): void {
  socket.pipe(socket);
}

function iterate(socket: Socket): void {
  void (async () => {
    for await (const chunk of socket) if (!socket.write(chunk as Buffer)) await once(socket, 'drain');
  })().catch(() => {});
}
