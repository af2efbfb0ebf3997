/**
 * Numbers the lines of its standard input on its standard output, and tells on its standard error what the three are, as JSON. With an argument
 * it does something else instead: see the test.
 */
import { readFileSync } from 'node:fs';
import { run, sleep } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { Command, stderr, stdin, stdout } from 'pawl/process';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const O_NONBLOCK = 0o4000;
const isBlocking = (fd: number): boolean =>
  (Number.parseInt(/^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8) & O_NONBLOCK) ===
  0;

await run(function* () {
  const [, , what] = process.argv;
  using input = yield* stdin();
  using output = yield* stdout();
  using errors = yield* stderr();
  const blocking = [0, 1, 2].map(isBlocking);
  if (what === 'console') {
    console.log('console 1');
    yield* output.writeAll(encode('ours 1\n'));
    console.log('console 2');
    yield* output.writeAll(encode('ours 2\n'));
    return;
  }
  if (what === 'raw') {
    const raw = input.rawMode();
    yield* output.writeAll(encode('ready\n'));
    const key = new Uint8Array(1);
    yield* input.read(key);
    raw[Symbol.dispose]();
    yield* output.writeAll(encode(`key ${key[0]}\n`));
    input.rawMode(); // until the end of the process
    return;
  }
  if (what === 'share') {
    // A child that inherits it reads what we have not.
    const first = new Uint8Array(2);
    yield* input.read(first);
    yield* new Command('cat', [], { stdin: 'inherit' }).status();
    return;
  }
  if (what === 'large') {
    yield* output.writeAll(new Uint8Array(1_000_000).fill(120));
    return;
  }
  const { terminalSize } = output;
  yield* errors.writeAll(
    encode(`${JSON.stringify({ kinds: [input.kind, output.kind, errors.kind], blocking, terminalSize })}\n`),
  );
  const lines = new BufferedReader(input);
  for (let number = 1; ; number++) {
    const line = yield* lines.readLine();
    if (line === null) break;
    yield* output.writeAll(encode(`${number} ${line}\n`));
  }
  yield* sleep(0);
});
