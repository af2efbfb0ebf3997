/** The stacks of errors that a driver throws within a poll: they lead to the line that asked for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coroutine, run, yieldNow } from 'pawl';
import { pipe } from 'pawl/process';

const writes = coroutine(function* writes(turns: number) {
  const [reader, writer] = yield* pipe();
  using _writer = writer;
  reader.close();
  for (let turn = 0; turn < turns; turn++) yield* yieldNow();
  yield* writer.writeAll(new Uint8Array(1));
});
const outer = coroutine(function* outer(turns: number) {
  yield* writes(turns);
});

for (const turns of [0, 1])
  test(`a call that fails at once after ${turns} suspensions is named by the coroutine and line that made it`, async () => {
    const error = await run(outer(turns)).then(
      () => assert.fail(),
      (thrown: Error) => thrown,
    );
    const lines = error.stack!.split('\n').filter((line) => /^ {4}at (?!task ).*driver-traces\.test\.ts/.test(line));
    assert.deepEqual(
      lines.map((line) => /at (\w+) .*:(\d+):\d+\)$/.exec(line)?.slice(1)),
      [
        ['writes', '12'],
        ['outer', '15'],
      ],
    );
    assert.doesNotMatch(error.stack!, /\/src\/(?:driver|future|task)\//);
  });
