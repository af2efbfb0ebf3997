/**
 * Check, then act, with an await in between: two requests find no connection in the cache, both connect, and one connection is
 * forgotten, open for ever.
 */
import assert from 'node:assert/strict';
import { coroutine, Mutex, sleep, spawn } from 'pawl';
import { TcpListener, TcpStream } from 'pawl/net';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

class Connections {
  readonly open = new Map<string, TcpStream>();
  readonly lock = new Mutex();
}

const careless = coroutine(function* ({ open }: Connections, address: string) {
  let stream = open.get(address);
  if (stream === undefined) {
    stream = yield* TcpStream.connect(address);
    open.set(address, stream);
  }
  return stream;
});

const careful = coroutine(function* (connections: Connections, address: string) {
  using _guard = yield* connections.lock.lock();
  return yield* careless(connections, address);
});

const requests = (connectionTo: typeof careless): Scenario =>
  function* (world) {
    let accepted = 0;
    world.host('server', function* () {
      using listener = yield* TcpListener.bind('0.0.0.0:80');
      for (;;) {
        yield* listener.accept();
        accepted++;
      }
    });
    yield* sleep(20);
    const connections = new Connections();
    const asking = [0, 10, 20].map((at) =>
      spawn(function* () {
        yield* sleep(at);
        yield* connectionTo(connections, 'server:80');
      }),
    );
    for (const task of asking) yield* task;
    yield* sleep(2000);
    assert.equal(accepted, 1, 'a connection is forgotten');
  };

export const checkThenAct: Fault = {
  faulty: requests(careless),
  corrected: requests(careful),
  shows: /a connection is forgotten/,
};
