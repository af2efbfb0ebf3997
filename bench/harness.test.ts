/** The harness's own arithmetic and output, and its command line; no measuring. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { NODE_FLAGS } from './harness/child.ts';
import { jsonLine, limitRow, pairedRow, partialRow, verdict } from './harness/row.ts';
import { median, pairedRatio } from './harness/stats.ts';
import { figure, table } from './harness/table.ts';

const identity = { suite: 's', measure: 'm', unit: 'ns CPU', peer: 'native' };
const figures = fc.array(fc.double({ min: 0.1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 });

test('the median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 9, 2, 1]), 5.5);
  assert.equal(median([100, 9, 10]), 10, 'numbers are compared as numbers');
  assert.throws(() => median([]), RangeError);
});

test('the median lies within the values and does not depend on their order', () => {
  fc.assert(
    fc.property(figures, (values) => {
      const middle = median(values);
      assert.ok(middle >= Math.min(...values) && middle <= Math.max(...values));
      assert.equal(median(values.toReversed()), middle);
    }),
  );
});

test('a paired ratio compares within rounds, so that a slow phase that hits both sides leaves no trace', () => {
  assert.equal(pairedRatio([10, 20, 40], [20, 40, 80]), 0.5);
  assert.equal(pairedRatio([10, 100, 10], [20, 200, 20]), 0.5);
  assert.equal(pairedRatio([10, 20, 999], [20, 40]), 0.5, 'a round that one side lacks is left out');
});

test('anything measured against itself has the ratio 1', () => {
  fc.assert(fc.property(figures, (values) => assert.equal(pairedRatio(values, values), 1)));
});

test('a bound holds up to and including itself', () => {
  const at = (bound: number): boolean | null => pairedRow({ ...identity, bound }, [1, 2, 3], [2, 4, 6]).holds;
  assert.equal(at(0.5), true);
  assert.equal(at(0.49), false);
});

test('a verdict says by how much a bound is missed', () => {
  assert.equal(verdict(pairedRow({ ...identity, bound: 1 }, [3], [2])), 'MISSED by 50 %');
  assert.equal(verdict(pairedRow({ ...identity, bound: 1 }, [102], [100])), 'MISSED by 2.0 %');
  assert.equal(verdict(pairedRow({ ...identity, bound: 1 }, [1], [2])), 'holds');
  assert.equal(verdict(pairedRow(identity, [3], [2])), '');
});

test('an absolute limit is a row whose bound is a ratio of 1 to the limit', () => {
  const row = limitRow({ suite: 's', measure: 'm', unit: 'bytes' }, [500, 470, 480], 480);
  assert.deepEqual([row.ours, row.theirs, row.ratio, row.bound, row.holds], [480, 480, 1, 1, true]);
  assert.equal(limitRow({ suite: 's', measure: 'm', unit: 'bytes' }, [481], 480).holds, false);
});

test('a row that one side is missing from has no ratio, and misses its bound only if that side is ours', () => {
  const noPeer = partialRow({ ...identity, bound: 0.5 }, [3, 5], []);
  assert.deepEqual([noPeer.ours, noPeer.holds, verdict(noPeer)], [4, null, 'not measured']);
  const notOurs = partialRow({ ...identity, bound: 0.5 }, [], [3, 5]);
  assert.deepEqual([notOurs.theirs, notOurs.holds, verdict(notOurs)], [4, false, 'MISSED: not measured']);
  assert.equal(partialRow(identity, [], [3]).holds, null, 'without a bound there is nothing to miss');
  assert.match(jsonLine(notOurs), /"ours":null,.*"ratio":null,/);
  assert.match(table([notOurs]), / – .* – .*MISSED: not measured/);
});

test('a JSON line has the same nine keys in the same order, with and without a bound', () => {
  const keys = ['suite', 'measure', 'unit', 'ours', 'peer', 'theirs', 'ratio', 'bound', 'holds'];
  const bounded = JSON.parse(jsonLine(pairedRow({ ...identity, bound: 1.3 }, [1, 1], [3, 3]))) as object;
  const informing = JSON.parse(jsonLine(pairedRow(identity, [1], [3]))) as object;
  assert.deepEqual(Object.keys(bounded), keys);
  assert.deepEqual(Object.keys(informing), keys);
  assert.deepEqual(bounded, {
    ...identity,
    ours: 1,
    theirs: 3,
    ratio: 0.33333,
    bound: 1.3,
    holds: true,
  });
  assert.deepEqual(informing, { ...identity, ours: 1, theirs: 3, ratio: 0.33333, bound: null, holds: null });
});

test('the table names a measure once and lines its columns up', () => {
  const rows = [
    pairedRow({ ...identity, bound: 0.4 }, [1234.4], [2000]),
    pairedRow({ ...identity, peer: 'effect' }, [7], [70]),
  ];
  assert.equal(
    table(rows),
    [
      'measure  unit     Pawl  peer    theirs  ratio  bound',
      'm        ns CPU  1,234  native   2,000   0.62    0.4  MISSED by 54 %',
      '         ns CPU      7  effect      70   0.10',
    ].join('\n'),
  );
});

test('figures keep three digits', () => {
  assert.deepEqual([0.12345, 12.345, 123.45, 1234.5].map(figure), ['0.123', '12.3', '123', '1,235']);
});

test('the command line lists the suites without a name, and refuses what it does not know with 2', () => {
  const bench = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [...NODE_FLAGS, fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
      encoding: 'utf8',
    });
  const listing = bench();
  assert.equal(listing.status, 0);
  assert.match(listing.stdout, /^ {2}kernel .*\n {2}echo /m);
  const unknown = bench('kernle');
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /no suite is called "kernle"/);
  assert.equal(unknown.stdout, '');
  assert.equal(bench('kernel', '--fast').status, 2);
  assert.equal(bench('kernel', 'echo').status, 2);
  const unmeasured = bench('kernel', '--only', 'no such title');
  assert.equal(unmeasured.status, 2);
  assert.match(unmeasured.stderr, /no measure of kernel contains "no such title":\n {2}await of a ready value/);
  assert.equal(bench('echo', '--only', 'TCP').status, 2, 'it runs as a whole');
});
