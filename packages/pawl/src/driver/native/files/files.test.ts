import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fileConformance } from '../../../../test/support/file-conformance.ts';
import { folder } from '../../../../test/support/folder.ts';
import { HandContext, type Job, JobClient, until } from '../../../../test/support/jobs.ts';
import { PENDING } from '../../../future/poll.ts';
import type { Operation } from '../../files.ts';
import { nativeDriver } from '../index.ts';

const driver = nativeDriver;

fileConformance('files in host mode', { driver, folder, run: (client, jobs) => client.run(...jobs) });
fileConformance('files, blocking', { driver, folder, run: (client, jobs) => client.block(...jobs) });

it('what is open is told by name, until it is closed', () => {
  const native = nativeDriver();
  const at = folder();
  const open = (): string[] => [...native.opened()].map(({ what }) => what).filter((what) => what.includes(at));
  new JobClient(native).block(
    (function* (): Job {
      const mode = { read: true, write: true, append: false, create: true, permissions: 0o600, exclusive: false };
      const opening = native.files.open(`${at}/file`, { ...mode, truncate: false, directory: false });
      const file = yield* until((cx) => opening.poll(cx));
      const writing = file.write(new Uint8Array(10), 0);
      yield* until((cx) => writing.poll(cx));
      const listing = native.files.openDirectory(at);
      const directory = yield* until((cx) => listing.poll(cx));
      const mapping = file.map(0, 10);
      const watch = native.files.watch(at);
      const of = ['directory ', 'file ', 'mapping of ', 'watch of '];
      assert.deepEqual(
        open().toSorted(),
        of.map((kind) => `${kind}${at}${kind.startsWith('d') || kind.startsWith('w') ? '' : '/file'}`),
      );
      for (const each of [file, directory, mapping, watch]) each.close();
      assert.deepEqual(open(), []);
    })(),
  );
});

it('an operation that was begun beside Node’s loop is not waited for where that cannot run', async () => {
  const native = nativeDriver();
  const path = `${folder()}/file`;
  const mode = { read: true, write: true, append: false, create: true, permissions: 0o600, exclusive: false };
  const opening = native.files.open(path, { ...mode, truncate: false, directory: false });
  assert.equal(opening.poll(new HandContext(native)), PENDING);
  assert.throws(() => new JobClient(native).block(done(opening)), { code: 'BLOCKING_NODE' });
  // What it opens is closed when it comes.
  while (native.files.pending > 0) await setImmediate();
  assert.deepEqual(
    [...native.opened()].filter(({ what }) => what === `file ${path}`),
    [],
  );
});

function* done(operation: Operation<unknown>): Job {
  yield* until((cx) => operation.poll(cx));
}
