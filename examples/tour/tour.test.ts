/** The tour's output has the shape that the README shows. Times are not looked at. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { draw, overlap, type Track } from './timeline.ts';

const start = join(import.meta.dirname, '../start.js');

function npmStart(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const root = join(import.meta.dirname, '../..');
  return spawnSync(process.execPath, [start, ...args], { cwd: root, encoding: 'utf8', timeout: 60_000 });
}

const track = (name: string, from: number, to: number, waits: Track['waits']): Track => ({ name, from, to, waits });

describe('timeline', () => {
  test('a bar shows work at its ends and waits between, on one scale', () => {
    const text = draw([track('a', 0, 100, [{ from: 0, to: 100 }]), track('bb', 50, 60, [])]);
    assert.deepEqual(text.split('\n'), [
      `  a   █${'░'.repeat(48)}█     0 to  100 ms`,
      `  bb  ${' '.repeat(25)}${'█'.repeat(6)}${' '.repeat(19)}    50 to   60 ms`,
    ]);
  });

  test('a wait that is too short to see leaves the bar whole', () => {
    assert.equal(draw([track('a', 0, 100, [{ from: 50, to: 50.1 }])]).includes('░'), false);
  });

  test('overlap counts the tasks that are under way at one moment', () => {
    assert.equal(overlap([track('a', 0, 10, []), track('b', 5, 15, []), track('c', 10, 20, [])]), 2);
  });
});

describe('npm start', () => {
  test('runs the tour to its end', () => {
    const { status, stdout, stderr } = npmStart();
    // Where many programs share the machine a poll may be slow without any fault of the tour's.
    const said = stderr.split('\n').filter((line) => !/SLOW_POLL|--trace-warnings/.test(line));
    assert.deepEqual(said, ['']);
    assert.equal(status, 0);
    const requests = stdout.match(/^ {2}server {2}#\d+ - \d+ms: .+$/gm) ?? [];
    assert.equal(requests.length, 16);
    const bars = stdout.match(/^ {2}\w+ +█[█░]+ +\d+ to +\d+ ms$/gm) ?? [];
    assert.equal(bars.length, 12);
    assert.match(stdout, /^12 tasks were under way at once, on one thread: \d+ ms in all\.$/m);
    assert.match(stdout, /^The delays add up to 7100 ms/m);
    assert.match(stdout, /^200 more requests at once, of 250 ms each: \d+ ms in all\.$/m);
  });

  test('the timeout stops the request: the server sees its connection close', () => {
    const { stdout } = npmStart();
    const id = /#(?<id>\d+) - 60000ms: too late/.exec(stdout)?.groups?.['id'];
    assert.match(stdout, /^ {2}client {2}TIMEOUT: /m);
    assert.match(stdout, new RegExp(`^ {2}server {2}#${id} - the client has closed the connection`, 'm'));
  });

  test('with a file it runs that program, with its arguments', () => {
    const { status, stdout } = npmStart('packages/pawl/test/programs/greet.ts', 'x', 'y');
    assert.deepEqual((JSON.parse(stdout) as { args: string[] }).args, ['x', 'y']);
    assert.equal(status, 2);
  });
});
