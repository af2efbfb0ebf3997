/** The delay server on its own: `npx pawl run examples/delay-server/main.ts [port]`, then `curl localhost:8080/500/hello`. */
import { coroutine } from 'pawl';
import { formatAddress, TcpListener } from 'pawl/net';
import { serve } from './server.ts';

export default coroutine(function* main(port = '8080') {
  using listener = yield* TcpListener.bind(Number(port));
  console.log(`listening on http://${formatAddress(listener.localAddress)}/DELAY_MS/MESSAGE`);
  try {
    yield* serve(listener, console.log);
  } finally {
    console.log('stopped');
  }
});
