/** Deno.serve with a handler of its own (`direct`) or the Hono application (`hono`); runs under Deno. */
import process from 'node:process';

const direct = () => new Response('Hello, World!', { headers: { 'content-type': 'text/plain' } });
const handler = process.argv[2] === 'hono' ? (await import('./app.js')).app.fetch : direct;
const onListen = ({ port }) => console.log(port);
globalThis.Deno.serve({ hostname: '127.0.0.1', port: 0, onListen }, handler);
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
