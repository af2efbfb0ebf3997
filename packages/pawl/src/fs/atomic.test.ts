import assert from 'node:assert/strict';
import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'node:test';
import { blockOn, coroutine, type Future, PawlError, run } from 'pawl';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { faultyDisk } from '../../test/support/faulty-files.ts';
import { both, folder, names } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { makeFifo } from '../process/index.ts';
import { syncDir, writeFileAtomic } from './index.ts';

const OLD = 'old contents';
const NEW = 'new contents, which are longer';

describe('writeFileAtomic', () => {
  both('makes a file, and replaces it', function* (at) {
    yield* writeFileAtomic(`${at}/file`, OLD);
    assert.equal(readFileSync(`${at}/file`, 'utf8'), OLD);
    assert.equal(statSync(`${at}/file`).mode & 0o7777, 0o666 & ~process.umask());
    yield* writeFileAtomic(`${at}/file`, new TextEncoder().encode(NEW));
    assert.equal(readFileSync(`${at}/file`, 'utf8'), NEW);
    yield* writeFileAtomic(`${at}/file`, '', { durable: false, permissions: 0o604 });
    assert.equal(statSync(`${at}/file`).mode & 0o7777, 0o604);
    assert.equal(statSync(`${at}/file`).size, 0);
    assert.deepEqual(names(at), ['file']);
    yield* syncDir(at);
  });

  both('keeps the permissions, the link that leads there, and other names as they were', function* (at) {
    mkdirSync(`${at}/inner`);
    writeFileSync(`${at}/inner/file`, OLD);
    chmodSync(`${at}/inner/file`, 0o4751);
    linkSync(`${at}/inner/file`, `${at}/other`);
    symlinkSync('inner/file', `${at}/link`);
    yield* writeFileAtomic(`${at}/link`, NEW);
    assert.equal(readlinkSync(`${at}/link`), 'inner/file');
    assert.equal(readFileSync(`${at}/inner/file`, 'utf8'), NEW);
    assert.equal(readFileSync(`${at}/other`, 'utf8'), OLD);
    assert.equal(statSync(`${at}/inner/file`).mode & 0o7777, 0o4751);
    assert.deepEqual(names(`${at}/inner`), ['file']);
  });

  both('makes the file that a link leads to, and keeps the link', function* (at) {
    mkdirSync(`${at}/inner`);
    symlinkSync('inner/second', `${at}/first`);
    symlinkSync('file', `${at}/inner/second`);
    yield* writeFileAtomic(`${at}/first`, NEW);
    assert.equal(readlinkSync(`${at}/first`), 'inner/second');
    assert.equal(readlinkSync(`${at}/inner/second`), 'file');
    assert.equal(readFileSync(`${at}/inner/file`, 'utf8'), NEW);
    symlinkSync('nowhere/file', `${at}/astray`);
    assert.equal((yield* failure(writeFileAtomic(`${at}/astray`, NEW))).code, 'ENOENT');
    assert.equal(readlinkSync(`${at}/astray`), 'nowhere/file');
    assert.deepEqual(names(at), ['astray', 'first', 'inner']);
  });

  both('replaces nothing that is no file', function* (at) {
    yield* makeFifo(`${at}/fifo`);
    symlinkSync('fifo', `${at}/link`);
    for (const name of ['fifo', 'link']) {
      const error = yield* failure(writeFileAtomic(`${at}/${name}`, NEW));
      assert.equal(error.code, 'BAD_ARGUMENT');
      assert.equal(error.path, `${at}/${name}`);
    }
    assert.ok(statSync(`${at}/fifo`).isFIFO());
    assert.deepEqual(names(at), ['fifo', 'link']);
  });

  it('keeps the owner, for root', { skip: process.getuid!() !== 0 && 'only root gives files away' }, async () => {
    const path = `${folder()}/file`;
    writeFileSync(path, OLD);
    chownSync(path, 1234, 2345);
    await run(writeFileAtomic(path, NEW));
    const { uid, gid } = statSync(path);
    assert.deepEqual([uid, gid], [1234, 2345]);
  });

  it('does in this order what makes it durable', () => {
    const at = folder();
    const { driver, log } = faultyDisk(Infinity);
    blockOn(writeFileAtomic(`${at}/file`, NEW), { driver });
    assert.deepEqual(log, ['status', 'readLink', 'open', 'write', 'sync', 'rename', 'open', 'sync']);
    log.length = 0;
    blockOn(writeFileAtomic(`${at}/file`, NEW), { driver });
    const replaced = [
      'status',
      'realPath',
      'open',
      'write',
      'status',
      'setPermissions',
      'sync',
      'rename',
      'open',
      'sync',
    ];
    assert.deepEqual(log, replaced);
  });

  it('leaves the old file or the new one, and nothing else, whichever operation fails', () => {
    for (const when of ['before', 'after'] as const) {
      for (let failing = 0; ; failing++) {
        const at = folder();
        writeFileSync(`${at}/file`, OLD);
        const { driver, log } = faultyDisk(failing, when);
        const error = blockOn(failure(orNothing(writeFileAtomic(`${at}/file`, NEW))), { driver });
        const contents = readFileSync(`${at}/file`, 'utf8');
        if (error.code === 'ENOTHING') {
          assert.ok(failing >= 10);
          assert.equal(contents, NEW);
          break;
        }
        const renamed = log.lastIndexOf('rename');
        const done = renamed >= 0 && (renamed < failing || (renamed === failing && when === 'after'));
        assert.equal(contents, done ? NEW : OLD, `operation ${failing}: ${log.join(' ')}`);
        assert.equal(error.code, 'EIO');
        // An operation that was done and then reported as failed may be the removal's own.
        assert.deepEqual(names(at), ['file'], `operation ${failing} ${when}: ${log.join(' ')}`);
      }
    }
  });

  it('leaves the old file or the new one, and nothing else, wherever it is cancelled', async () => {
    const at = folder();
    writeFileSync(`${at}/file`, OLD);
    const suspensions = await cancelEverywhere(() => writeFileAtomic(`${at}/file`, NEW), {
      afterEach() {
        assert.deepEqual(names(at), ['file']);
        assert.match(readFileSync(`${at}/file`, 'utf8'), /^(old contents|new contents, which are longer)$/);
        writeFileSync(`${at}/file`, OLD);
      },
    });
    assert.ok(suspensions >= 8, `${suspensions}`);
  });

  it('leaves the old file or the new one when the process is killed', { timeout: 60_000 }, async () => {
    const path = `${folder()}/file`;
    const whole = /^(\d+):(x{50000})$/;
    writeFileSync(path, `0:${'x'.repeat(50_000)}`);
    const program = `
      import { run } from 'pawl';
      import { writeFileAtomic } from 'pawl/fs';
      await run(function* () {
        process.stdout.write('ready');
        for (let n = 1; ; n++) yield* writeFileAtomic(${JSON.stringify(path)}, n + ':' + 'x'.repeat(50000), { durable: false });
      });`;
    let highest = 0;
    for (let kill = 0; kill < 6; kill++) {
      const child = spawnProcess(
        process.execPath,
        ['--conditions=pawl-source', '--no-warnings', '--input-type=module', '-e', program],
        { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout, 'data');
      const before = readFileSync(path, 'utf8');
      // Some replacements later, in the midst of one.
      while (readFileSync(path, 'utf8') === before);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const found = whole.exec(readFileSync(path, 'utf8'));
      assert.notEqual(found, null);
      highest = Math.max(highest, Number(found![1]));
    }
    assert.ok(highest > 0);
  });

  both('says why it cannot', function* (at) {
    writeFileSync(`${at}/file`, '');
    const cases: [path: string, code: string][] = [
      [`${at}/missing/file`, 'ENOENT'],
      [at, 'EISDIR'],
      [`${at}/file/x`, 'ENOTDIR'],
      [`${at}/${'n'.repeat(300)}`, 'ENAMETOOLONG'],
    ];
    for (const [path, code] of cases) {
      const error = yield* failure(writeFileAtomic(path, 'x'));
      assert.equal(error.code, code, path);
      // Not a temporary file, of which nobody has heard.
      assert.equal(error.path, path);
      assert.ok(error.message.includes(`'${path}'`), error.message);
    }
    // There is room for this name, and none for a temporary one beside it: a path has 4095 bytes.
    const deep = `${at}/${'./'.repeat((4088 - Buffer.byteLength(at)) / 2)}x`;
    assert.deepEqual(((error) => [error.code, error.path])(yield* failure(writeFileAtomic(deep, 'x'))), [
      'ENAMETOOLONG',
      deep,
    ]);
    assert.deepEqual(names(at), ['file']);
    assert.throws(() => writeFileAtomic(`${at}/x`, 3 as never), { code: 'BAD_ARGUMENT' });
    assert.throws(() => writeFileAtomic(`${at}/x`, '', { permissions: -1 }), { code: 'BAD_ARGUMENT' });
    assert.equal((yield* failure(syncDir(`${at}/file`))).code, 'ENOTDIR');
  });
});

/** Fails in any case: with ENOTHING when nothing else has. */
const orNothing = coroutine(function* (future: Future<unknown>) {
  yield* future;
  throw new PawlError('ENOTHING', 'it has not failed');
});
