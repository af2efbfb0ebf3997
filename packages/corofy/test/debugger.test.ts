/** What a debugger shows of a compiled program: breakpoints and steps are those of the source. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Debugger, type Place } from './support/debugger.ts';

const program = join(import.meta.dirname, 'programs/steps.ts');
const lines = readFileSync(program, 'utf8').split('\n');
const lineOf = (text: string): number => lines.findIndex((line) => line.includes(text)) + 1;
/** The text of the source at a place. */
const textAt = (place: Place | null): string =>
  place === null ? '' : (lines[place.line - 1] ?? '').slice(place.column - 1);

test(
  'a breakpoint that is set by a line of the source is hit there, on its first way and after an await',
  { timeout: 60_000 },
  async () => {
    await using it = await Debugger.run(program, [lineOf('const doubled'), lineOf('sum++')]);
    for (let calls = 0; calls < 3; calls++) {
      assert.deepEqual([it.functionName, textAt(it.place)], ['inner', 'n * 2;']);
      assert.equal(await it.resume(), true);
    }
    assert.deepEqual([it.functionName, textAt(it.place)], ['outer', 'sum++;']);
  },
);

test(
  'a step over an await, ready or not, ends at the statement of the source that runs next',
  { timeout: 60_000 },
  async () => {
    await using it = await Debugger.run(program, [lineOf('await ready'), lineOf('  try {') + 1]);
    const seen: string[] = [];
    const step = async (): Promise<void> => {
      assert.equal(await it.stepOver(), true);
      seen.push(`${it.functionName}: ${textAt(it.place)}`);
    };
    // Ready: on to the next line. Not ready: what it waits for runs on in the end, and then what comes after the await.
    for (let steps = 0; steps < 4; steps++) await step();
    assert.deepEqual(seen.splice(0), [
      'outer: await inner(sum);',
      'inner: doubled;',
      'outer: sum += await inner(sum);',
      'outer: [10, 20]) {',
    ]);
    assert.equal(await it.resume(), true);
    assert.equal(textAt(it.place), 'await sleep(1);');
    // Through the end of a finally, which is no statement.
    for (let steps = 0; steps < 3; steps++) await step();
    assert.deepEqual(seen, ['outer: sum++;', "outer: console.log('sum', sum);", 'outer: sum;']);
  },
);
