/** Runs out of descriptors while a connection waits to be accepted, frees one after some pauses, and prints what happened as JSON. */
import { closeSync, openSync } from 'node:fs';
import { blockOn, PawlError } from 'pawl';
import { TcpListener, TcpStream } from 'pawl/net';
import { defaultDriver } from '../../src/driver/default.ts';

const opened: number[] = [];
const codes = new Set<string>();
let pauses = 0;

const result = blockOn(function* () {
  using listener = yield* TcpListener.bind(0, {
    onBackoff: ({ error }) => {
      codes.add(error.code);
      if (++pauses === 4) closeSync(opened.pop()!);
    },
  });
  using client = yield* TcpStream.connect(listener.localAddress);
  yield* client.writeAll(new TextEncoder().encode('hello'));
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
  }
  let connectFails = '';
  try {
    yield* TcpStream.connect(listener.localAddress);
  } catch (error) {
    if (error instanceof PawlError) connectFails = error.code;
  }
  const before = defaultDriver().metrics.turns;
  using server = yield* listener.accept();
  const turns = defaultDriver().metrics.turns - before;
  const target = new Uint8Array(16);
  const count = yield* server.read(target);
  return {
    pauses,
    codes: [...codes],
    turns,
    connectFails,
    accepted: new TextDecoder().decode(target.subarray(0, count)),
  };
});
console.log(JSON.stringify(result));
