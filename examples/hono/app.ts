/**
 * A small API of notes, written for Hono and for nothing of Pawl's: routes, middleware, a cookie, a stream, errors.
 *
 * Run it: `npx pawl serve --watch examples/hono/app.ts`, then `curl http://127.0.0.1:3000/notes`.
 */
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { etag } from 'hono/etag';
import { HTTPException } from 'hono/http-exception';
import { streamText } from 'hono/streaming';

interface Note {
  readonly id: number;
  readonly text: string;
}

const notes = new Map<number, Note>();
let nextId = 1;

function noteOf(id: string): Note {
  const note = notes.get(Number(id));
  if (note === undefined) throw new HTTPException(404, { message: `there is no note ${id}` });
  return note;
}

const app = new Hono();

app.use('/notes/*', cors(), etag());

app.get('/', (c) => c.text('notes: GET /notes, POST /notes, GET /notes/:id, DELETE /notes/:id'));

app.get('/notes', (c) => c.json([...notes.values()]));

app.post('/notes', async (c) => {
  const body = await c.req.json<{ text?: unknown }>().catch(() => null);
  if (typeof body?.text !== 'string') throw new HTTPException(400, { message: 'a note is { "text": "…" }' });
  const note = { id: nextId++, text: body.text };
  notes.set(note.id, note);
  return c.json(note, 201, { Location: `/notes/${note.id}` });
});

app.get('/notes/:id', (c) => c.json(noteOf(c.req.param('id'))));

app.delete('/notes/:id', (c) => {
  notes.delete(noteOf(c.req.param('id')).id);
  return c.body(null, 204);
});

app.get('/visits', (c) => {
  const visits = Number(getCookie(c, 'visits') ?? '0') + 1;
  setCookie(c, 'visits', String(visits), { httpOnly: true });
  return c.text(`visit ${visits}`);
});

app.get('/export', (c) =>
  streamText(c, async (stream) => {
    for (const note of notes.values()) await stream.writeln(`${note.id}: ${note.text}`);
  }),
);

app.onError((error, c) =>
  error instanceof HTTPException ? c.json({ error: error.message }, error.status) : c.json({ error: 'a fault' }, 500),
);

export default app;
