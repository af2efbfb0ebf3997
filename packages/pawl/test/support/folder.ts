/**
 * Directories for the files of a test: all under one, which is removed when the tests of the file have ended.
 *
 * What must hold: by then no descriptor is of a file in them, and no child of the process is a zombie.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { blockOn, run } from 'pawl';
import { type Body, start } from '../../src/future/coroutine.ts';
import { children, stateOf } from './children.ts';

const root = mkdtempSync(join(tmpdir(), 'pawl-test-'));
after(() => {
  rmSync(root, { recursive: true });
  const open = readdirSync('/proc/self/fd')
    .map(openAt)
    .filter((path) => path.startsWith(`${root}/`));
  const zombies = children().filter((pid) => stateOf(Number(pid)) === 'Z');
  assert.deepEqual({ open, zombies }, { open: [], zombies: [] }, 'left when all tests of the file have ended');
});

/** What a descriptor is of; nothing when it is closed by now. */
function openAt(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** A new and empty directory. */
export const folder = (): string => mkdtempSync(join(root, 'test-'));

/** What is in a directory, in order. */
export const names = (path: string): string[] => readdirSync(path).toSorted();

/** A test of a coroutine over a directory of its own: on the pool's threads, and on this one. */
export function both(title: string, body: Body<[folder: string], unknown>): void {
  void it(title, async () => {
    await run(start(body, folder()));
  });
  void it(`${title}, inside blockOn`, () => {
    blockOn(start(body, folder()));
  });
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
