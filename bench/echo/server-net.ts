/** The echo server over node:net as Node's own documentation writes it: a pipe has the back-pressure that an echo needs. */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log((server.address() as AddressInfo).port);
});
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
