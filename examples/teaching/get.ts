/**
 * What the programs ask: the delay server at DELAY_SERVER, by default one on this machine. `get('/600/hello')` gives "hello" after 600 ms.
 */
import { coroutine } from 'pawl';
import { get as ask } from 'pawl/http';

const server = process.env['DELAY_SERVER'] ?? 'http://127.0.0.1:8080';

export const get = coroutine(function* get(path: string) {
  const answer = yield* ask(server + path);
  return yield* answer.text();
});
