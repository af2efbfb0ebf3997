import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Operation, violation } from './linearizability.ts';
import type { Command, Result } from './messages.ts';
import { Values } from './values.ts';

const set = (called: number, returned: number, value: string, known = true): Operation => ({
  client: 'w',
  command: { op: 'set', key: 'k', value },
  called,
  returned,
  result: known ? { done: true, value } : null,
});

const get = (called: number, returned: number, value: string | null): Operation => ({
  client: 'r',
  command: { op: 'get', key: 'k' },
  called,
  returned,
  result: { done: true, value },
});

const swap = (called: number, returned: number, from: string | null, value: string, result: Result): Operation => ({
  client: 's',
  command: { op: 'swap', key: 'k', from, value },
  called,
  returned,
  result,
});

test('a value that was set is read from then on', () => {
  assert.equal(violation([set(1, 2, 'a'), get(3, 4, 'a')]), null);
  assert.equal(violation([set(1, 2, 'a'), get(3, 4, null)])?.key, 'k');
});

test('while it is being set, a value is read or not, but never first and then not', () => {
  assert.equal(violation([set(1, 9, 'a'), get(2, 3, null), get(4, 5, 'a')]), null);
  const wrong = violation([set(1, 9, 'a'), get(2, 3, 'a'), get(4, 5, null)]);
  assert.equal(
    wrong?.told,
    '  1 to 9: w set k {"value":"a"} → a\n  2 to 3: r get k {} → a\n? 4 to 5: r get k {} → null',
  );
});

test('what nobody knows the outcome of may be done late, or never, but not before it was asked for', () => {
  const unknown = set(1, Infinity, 'a', false);
  assert.equal(violation([unknown, get(2, 3, null), get(4, 5, 'a')]), null);
  assert.equal(violation([unknown, set(2, 3, 'b'), get(4, 5, 'b')]), null);
  assert.notEqual(violation([set(4, Infinity, 'a', false), get(2, 3, 'a')]), null);
  assert.notEqual(violation([unknown, get(2, 3, 'a'), set(4, 5, 'b'), get(6, 7, 'a')]), null);
});

test('two swaps of the same value are not both done', () => {
  const done = (called: number, returned: number, value: string): Operation =>
    swap(called, returned, null, value, { done: true, value });
  assert.equal(violation([done(1, 5, 'a'), swap(2, 6, null, 'b', { done: false, value: 'a' })]), null);
  assert.notEqual(violation([done(1, 5, 'a'), done(2, 6, 'b')]), null);
});

test('keys are independent, and each is looked at', () => {
  const other: Operation = { ...get(3, 4, 'x'), command: { op: 'get', key: 'other' } };
  assert.equal(violation([set(1, 2, 'a'), other, get(5, 6, 'a')])?.key, 'other');
});

const commands = fc.oneof(
  fc.constant<Command>({ op: 'get', key: 'k' }),
  fc.constantFrom('a', 'b', 'c').map((value): Command => ({ op: 'set', key: 'k', value })),
  fc
    .tuple(fc.constantFrom(null, 'a', 'b'), fc.constantFrom('a', 'b', 'c'))
    .map(([from, value]): Command => ({ op: 'swap', key: 'k', from, value })),
);

/** Operations that were done one at a time, at moments 10, 20, …; each was called somewhat before and returned somewhat later. */
const linear = fc.array(fc.tuple(commands, fc.nat(60), fc.nat(60), fc.boolean()), { maxLength: 12 }).map((steps) => {
  const values = new Values();
  return steps.map(([command, before, after, known], i): Operation => {
    const result = values.carryOut(command);
    const at = 10 * (i + 1) + i / 100;
    return {
      client: `${i}`,
      command,
      called: at - before,
      returned: known ? at + after : Infinity,
      result: known ? result : null,
    };
  });
});

test('what came of one order is linearizable', () => {
  fc.assert(fc.property(linear, (history) => violation(history) === null));
});

/** Every order of the operations, without any cleverness. */
function naive(history: readonly Operation[], value: string | null = null): boolean {
  if (history.every(({ returned }) => returned === Infinity)) return true;
  return history.some((operation, i) => {
    if (history.some(({ returned }) => returned < operation.called)) return false;
    const values = new Values();
    if (value !== null) values.carryOut({ op: 'set', key: 'k', value });
    const result = values.carryOut(operation.command);
    const { result: seen } = operation;
    if (seen !== null && (seen.done !== result.done || seen.value !== result.value)) return false;
    return naive(history.toSpliced(i, 1), result.value);
  });
}

test('it finds what a search through all orders finds', () => {
  let wrong = 0;
  const results = fc.tuple(fc.boolean(), fc.constantFrom(null, 'a', 'b', 'c'));
  fc.assert(
    fc.property(linear, fc.nat(11), results, (history, at, [done, value]) => {
      const short = history.slice(0, 6);
      const victim = at % Math.max(short.length, 1);
      const operation = short[victim];
      const changed =
        operation === undefined || operation.result === null
          ? short
          : short.with(victim, { ...operation, result: { done, value } });
      const found = violation(changed) !== null;
      if (found) wrong++;
      return found !== naive(changed);
    }),
    { numRuns: 500 },
  );
  assert.ok(wrong > 20, `only ${wrong} histories were wrong`);
});
