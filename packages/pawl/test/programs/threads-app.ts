/** An application for `pawl serve --threads`: says on which thread it runs, takes its time at `/slow`, and tells whether a request is there. */
import { setTimeout as after } from 'node:timers/promises';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentThread } from 'pawl/threads';

// Threads of the process share nothing of JavaScript's: they leave word in a file.
const note = join(tmpdir(), `pawl-threads-app-${process.pid}`);

const inside = (): string => {
  try {
    const word = readFileSync(note, 'utf8');
    rmSync(note);
    return word;
  } catch {
    return '';
  }
};

export async function fetch(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const name = `thread ${currentThread()?.index}`;
  if (pathname === '/inside') return new Response(inside());
  if (pathname !== '/slow') return new Response(name);
  writeFileSync(note, '1');
  await after(200);
  return new Response(`${name} slowly`);
}
