/** `npm start -- examples/wasm-fibers/main.ts`: three green threads of WebAssembly that read and sleep, on one thread of the system. */
import { coroutine, type Future, join, map, sleep, spawn } from 'pawl';
import { duplex, type Reader, writeAll } from 'pawl/io';
import { program } from './program.ts';
import { WasmThread } from './thread.ts';

/** Runs the program over a stream: the bytes that it has counted. */
export function count(name: string, source: Reader, pause: number, log: (line: string) => void): Future<number> {
  return new WasmThread(
    program,
    {
      read: (memory, at = 0, length = 0) => {
        const target = new Uint8Array(length);
        return map(source.read(target), (n) => {
          new Uint8Array(memory.buffer, at, n).set(target.subarray(0, n));
          log(`${name} has read ${n}`);
          return n;
        });
      },
      sleep: (_memory, ms = 0) => sleep(ms),
    },
    pause,
  );
}

const feed = coroutine(function* feed(name: string, times: number) {
  const [near, far] = duplex();
  const counting = spawn(count(name, far, 5, console.log));
  for (let i = 1; i <= times; i++) {
    yield* writeAll(near, new Uint8Array(i * 10));
    yield* sleep(20);
  }
  near.close();
  return yield* counting;
});

export default coroutine(function* main() {
  const counts = yield* join([feed('one', 3), feed('two', 4), feed('three', 2)]);
  console.log(`bytes: ${counts.join(', ')}`);
});
