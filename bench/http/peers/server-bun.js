/** Bun.serve with a handler of its own (`direct`) or the Hono application (`hono`); runs under Bun. */
const direct = () => new Response('Hello, World!', { headers: { 'content-type': 'text/plain' } });
const fetch = process.argv[2] === 'hono' ? (await import('./app.js')).app.fetch : direct;
// Idle connections must outlive the measure of them; seconds.
const server = globalThis.Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 120, fetch });
console.log(server.port);
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
