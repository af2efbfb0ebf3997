import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report } from './report.ts';

function bare(message: string, options?: ErrorOptions): Error {
  const error = new Error(message, options);
  error.stack = `Error: ${message}`;
  return error;
}

test('a cause of a cause is nested', () => {
  const error = bare('outer', { cause: bare('middle', { cause: bare('inner') }) });
  assert.equal(report(error), 'Error: outer\n  Caused by: Error: middle\n    Caused by: Error: inner');
});

test('an error and what it suppressed are both shown', () => {
  const error = new SuppressedError(bare('first'), bare('second'), 'both');
  error.stack = 'SuppressedError: both';
  assert.equal(report(error), 'SuppressedError: both\n  Error: Error: first\n  Suppressed: Error: second');
});

test('each error of an AggregateError is shown', () => {
  const error = new AggregateError([bare('a'), bare('b')], 'all');
  error.stack = 'AggregateError: all';
  assert.equal(report(error), 'AggregateError: all\n  One of: Error: a\n  One of: Error: b');
});

test('errors in a circle are cut', () => {
  const error = bare('snake');
  error.cause = error;
  assert.equal(report(error), 'Error: snake\n  Caused by: Error: snake (shown above)');
});

test('what is thrown need not be an error', () => {
  assert.equal(report('text'), "Thrown: 'text'");
  assert.equal(report(undefined), 'Thrown: undefined');
  assert.equal(report(bare('x', { cause: { a: 1 } })), 'Error: x\n  Caused by: Thrown: { a: 1 }');
});
