/** The delay server on its own: `npm run delay-server`, or with a port, then `curl localhost:8080/500/hello`. Ctrl-C ends it. */
import { coroutine } from 'pawl';
import { delayServer } from './server.ts';

export default coroutine(function* main(port = '8080') {
  const server = yield* delayServer(console.log, Number(port));
  console.log(`listening on ${server.url}/DELAY_MS/MESSAGE`);
  try {
    yield* server.closed;
  } finally {
    console.log('stopped');
  }
});
