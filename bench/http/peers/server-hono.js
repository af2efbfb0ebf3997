/** The Hono application over @hono/node-server. */
import { serve } from '@hono/node-server';
import { app } from './app.js';

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log(port));
// Whoever started it has gone.
process.stdin.on('end', () => process.exit()).resume();
