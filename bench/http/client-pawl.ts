/** The client over pawl/http: 64 coroutines, each asking again and again. Its argument is the server's port. */
import { coroutine, run, scope } from 'pawl';
import { request } from 'pawl/http';
import { CONCURRENT, takeTurns, type Turn } from './client.ts';

const url = `http://127.0.0.1:${process.argv[2]}/`;

const worker = coroutine(function* (turn: Turn) {
  while (turn.going) {
    const start = performance.now();
    const response = yield* request(url);
    turn.answered(start, response.status, yield* response.body.text());
  }
});

await takeTurns((turn) =>
  run(() =>
    scope(function* (scope) {
      for (let i = 0; i < CONCURRENT; i++) scope.spawn(worker(turn));
    }),
  ),
);
