import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advice, names } from './doctor.ts';

test('the fastest combination needs no advice', () => {
  assert.deepEqual(advice({ level: 'raw', mode: 'host' }), []);
});

test('libc that nobody asked for is told apart from libc that the environment asked for', () => {
  assert.match(advice({ level: 'libc', mode: 'host' })[0] ?? '', /^let the process map emitted machine code/);
  assert.match(advice({ level: 'libc', mode: 'host', forcedLevel: 'libc' })[0] ?? '', /^unset PAWL_SYSCALLS/);
});

test('guest mode is slower, and is named as such', () => {
  assert.match(advice({ level: 'raw', mode: 'guest', forcedMode: 'guest' })[0] ?? '', /^unset PAWL_LOOP/);
});

test('without a driver its reason is the advice', () => {
  assert.deepEqual(advice({ failure: 'needs Linux' }), ['without a driver nothing runs: needs Linux']);
});

test('says who looks names up, and why', () => {
  assert.equal(names({ own: true, why: 'so it is' }), 'our own resolver: so it is');
  assert.match(names({ own: false, why: 'mdns' }), /^the system's resolver.*not inside blockOn: mdns/);
});
