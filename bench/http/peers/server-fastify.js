/** Both routes over fastify, the JSON with a schema, as it asks for. */
import fastify from 'fastify';

const user = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } } };
const server = fastify({ logger: false });
server.get('/', (_request, reply) => {
  void reply.type('text/plain').send('Hello, World!');
});
server.get('/user/:id', { schema: { response: { 200: user } } }, (request, reply) => {
  void reply.send({ id: request.params.id, name: 'Ada' });
});
await server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
console.log(server.server.address().port);
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
