/** The Hono application of the suite, served by every contender that can. */
import { Hono } from 'hono';

export const app = new Hono();
app.get('/', (c) => c.text('Hello, World!'));
app.get('/user/:id', (c) => c.json({ id: c.req.param('id'), name: 'Ada' }));
