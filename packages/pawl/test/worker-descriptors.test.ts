/** What a worker has open when it is terminated: sockets and watches are in its table, for whoever started it to close; Node closes its files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { closeAll, type DescriptorTable, listDescriptors } from '../src/sys/descriptors.ts';
import { folder } from './support/folder.ts';

const descriptors = (): string[] => readdirSync('/proc/self/fd');

test('of what a terminated worker has open nothing is left', async () => {
  const before = new Set(descriptors());
  const worker = new Worker(new URL('support/open-worker.ts', import.meta.url), {
    workerData: folder(),
    execArgv: ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'],
  });
  const [table] = (await once(worker, 'message')) as [DescriptorTable];
  await worker.terminate();
  const kinds = listDescriptors(table).map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
  assert.equal(kinds.filter((kind) => kind.startsWith('socket:')).length, 4, kinds.join(' '));
  assert.equal(kinds.filter((kind) => kind === 'anon_inode:inotify').length, 1, kinds.join(' '));
  assert.ok(closeAll(table) >= 5);
  assert.deepEqual(
    descriptors().filter((fd) => !before.has(fd)),
    [],
  );
});

test('a worker opens and closes files as often as it likes, and Node knows of each', async () => {
  const worker = new Worker(new URL('support/reopen-worker.ts', import.meta.url), {
    workerData: folder(),
    execArgv: ['--conditions=pawl-source', '--disable-warning=ExperimentalWarning'],
  });
  // Both can come in one turn of the loop.
  const [[warnings]] = (await Promise.all([once(worker, 'message'), once(worker, 'exit')])) as [[string[]], unknown];
  assert.deepEqual(warnings, []);
});
