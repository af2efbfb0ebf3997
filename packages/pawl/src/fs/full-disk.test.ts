/** A disk without room: a small file system in memory, where this process may mount one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { run } from 'pawl';
import { names } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { copyFile, File, makeDir, tempFile, writeFile, writeFileAtomic } from './index.ts';

const disk = mkdtempSync(join(tmpdir(), 'pawl-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,nr_inodes=20', 'pawl-test', disk], {
  encoding: 'utf8',
});
const skip =
  mounted.status !== 0 && `no file system can be mounted here: ${mounted.error?.message ?? mounted.stderr.trim()}`;
after(() => {
  if (mounted.status === 0) spawnSync('umount', [disk]);
  rmdirSync(disk);
});

const free = (): number => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

describe('a full disk', { skip }, () => {
  it('is told, and leaves the old file where one was to be replaced', async () => {
    writeFileSync(`${disk}/file`, 'old');
    await run(function* () {
      const error = yield* failure(writeFileAtomic(`${disk}/file`, new Uint8Array(300_000)));
      assert.deepEqual([error.code, error.syscall], ['ENOSPC', 'write']);
      assert.equal(readFileSync(`${disk}/file`, 'utf8'), 'old');
      assert.deepEqual(names(disk), ['file']);
      assert.ok(free() > 240_000);
      yield* writeFileAtomic(`${disk}/file`, 'new');
      assert.equal(readFileSync(`${disk}/file`, 'utf8'), 'new');
    });
  });

  it('is told by every write, with what was written before', async () => {
    await run(function* () {
      using file = yield* File.open(`${disk}/big`, 'w+');
      const writing = file.writeAt(new Uint8Array(400_000), 0);
      const error = yield* failure(writing);
      assert.deepEqual([error.code, error.path], ['ENOSPC', `${disk}/big`]);
      assert.ok(writing.written > 100_000 && writing.written < 262_144, String(writing.written));
      assert.equal((yield* failure(file.writeVectored([new Uint8Array(8192)], 1_000_000))).code, 'ENOSPC');
      yield* file.truncate();
      writeFileSync(`${disk}/source`, new Uint8Array(150_000));
      const copying = copyFile(`${disk}/source`, `${disk}/copy`);
      assert.equal((yield* failure(copying)).code, 'ENOSPC');
      assert.equal((yield* failure(writeFile(`${disk}/copy`, new Uint8Array(200_000)))).code, 'ENOSPC');
    });
  });

  it('may have no room for names', async () => {
    await run(function* () {
      let code = '';
      for (let n = 0; code === '' && n < 30; n++) {
        try {
          yield* makeDir(`${disk}/${n}`);
        } catch (error) {
          code = (error as { code: string }).code;
        }
      }
      assert.equal(code, 'ENOSPC');
      assert.equal((yield* failure(tempFile({ directory: disk }))).code, 'ENOSPC');
      assert.equal((yield* failure(writeFileAtomic(`${disk}/other`, 'x'))).code, 'ENOSPC');
    });
  });
});
