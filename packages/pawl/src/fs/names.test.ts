import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { both, decode, encode, folder, names } from '../../test/support/folder.ts';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { failure } from '../../test/support/loopback.ts';
import { makeFifo } from '../process/index.ts';
import {
  copyFile,
  File,
  link,
  makeDir,
  readFile,
  readLink,
  readText,
  realPath,
  remove,
  rename,
  stat,
  symlink,
  tempDir,
  tempFile,
  tryStat,
  walk,
  writeFile,
  writeFileAtomic,
} from './index.ts';

describe('names', () => {
  both('are given, moved, looked at and taken', function* (at) {
    yield* writeFile(`${at}/a`, 'text');
    yield* link(`${at}/a`, `${at}/b`);
    assert.equal((yield* stat(`${at}/a`)).links, 2);
    yield* symlink('a', `${at}/c`);
    assert.equal(yield* readLink(`${at}/c`), 'a');
    assert.equal(yield* realPath(`${at}/c`), yield* realPath(`${at}/a`));
    assert.equal((yield* stat(`${at}/c`)).type, 'file');
    assert.equal((yield* stat(`${at}/c`, { followLinks: false })).type, 'symlink');
    yield* rename(`${at}/b`, `${at}/d`);
    assert.deepEqual(names(at), ['a', 'c', 'd']);
    assert.equal(yield* tryStat(`${at}/b`), null);
    assert.equal(yield* tryStat(`${at}/a/x`), null);
    yield* remove(`${at}/c`);
    assert.deepEqual(names(at), ['a', 'd']);
    const { size, modified, uid } = yield* stat(`${at}/a`);
    const expected = statSync(`${at}/a`);
    assert.deepEqual([size, modified, uid], [4, expected.mtimeMs, expected.uid]);
  });

  both('that cannot be had are told', function* (at) {
    yield* writeFile(`${at}/file`, '');
    const codes = [
      [stat(`${at}/none`), 'ENOENT'],
      [rename(`${at}/none`, `${at}/file`), 'ENOENT'],
      [rename(`${at}/file`, '/proc/file'), 'EXDEV'],
      [link(`${at}/file`, `${at}/file`), 'EEXIST'],
      [symlink('x', `${at}/file`), 'EEXIST'],
      [readLink(`${at}/file`), 'EINVAL'],
      [realPath(`${at}/none`), 'ENOENT'],
      [makeDir(`${at}/file`), 'EEXIST'],
      [makeDir(`${at}/file`, { recursive: true }), 'EEXIST'],
      [makeDir(`${at}/file/x/y`, { recursive: true }), 'ENOTDIR'],
      [makeDir(`${at}/none/x`), 'ENOENT'],
      [remove(`${at}/none`), 'ENOENT'],
      [remove(at), 'ENOTEMPTY'],
    ] as const;
    for (const [future, code] of codes) assert.equal((yield* failure(future)).code, code);
    const { path, dest, message } = yield* failure(rename(`${at}/none`, `${at}/x`));
    assert.deepEqual([path, dest], [`${at}/none`, `${at}/x`]);
    assert.equal(message, `ENOENT: no such file or directory, rename '${at}/none' -> '${at}/x'`);
  });

  it('that are none are refused', () => {
    const refused = (call: () => unknown): void => assert.throws(call, { code: 'BAD_ARGUMENT' });
    for (const wrong of ['', 'a\0', 3 as never]) {
      for (const call of [stat, readLink, realPath, makeDir, remove, readFile]) refused(() => call(wrong));
      refused(() => rename('a', wrong));
      refused(() => link(wrong, 'a'));
      refused(() => symlink(wrong, 'a'));
      refused(() => copyFile('a', wrong));
    }
    refused(() => makeDir('/tmp', { permissions: -1 }));
    refused(() => tempDir({ prefix: 'a/b' }));
    refused(() => tempDir({ prefix: Symbol('x') as never }));
  });

  it('with options that nobody knows are refused', () => {
    const calls: ((options: never) => unknown)[] = [
      (options) => File.open('a', 'r', options),
      (options) => copyFile('a', 'b', options),
      (options) => makeDir('a', options),
      (options) => readFile('a', options),
      (options) => readText('a', options),
      (options) => remove('a', options),
      (options) => stat('a', options),
      (options) => tryStat('a', options),
      (options) => tempDir(options),
      (options) => tempFile(options),
      (options) => walk('a', options),
      (options) => writeFile('a', '', options),
      (options) => writeFileAtomic('a', '', options),
    ];
    for (const call of calls)
      for (const wrong of [{ recursiv: true }, null, 'utf8', 3])
        assert.throws(() => call(wrong as never), { code: 'BAD_ARGUMENT' }, call.toString());
    assert.throws(() => writeFile('a', '', { flags: 3 as never }), { code: 'BAD_ARGUMENT' });
    assert.throws(() => walk('a', { enter: true as never }), { code: 'BAD_ARGUMENT' });
    assert.throws(() => copyFile('a', 'b', { onProgress: true as never }), { code: 'BAD_ARGUMENT' });
  });
});

describe('makeDir', () => {
  both('makes one, or all that are missing', function* (at) {
    yield* makeDir(`${at}/one`, { permissions: 0o700 });
    assert.equal(statSync(`${at}/one`).mode & 0o777, 0o700);
    yield* makeDir(`${at}/a/b/c/d`, { recursive: true });
    yield* makeDir(`${at}/a/b/c/d`, { recursive: true });
    assert.ok(statSync(`${at}/a/b/c/d`).isDirectory());
  });
});

describe('remove', () => {
  both('takes a tree, and no link of it further than itself', function* (at) {
    mkdirSync(`${at}/kept`);
    writeFileSync(`${at}/kept/file`, '');
    for (let n = 0; n < 20; n++) {
      yield* makeDir(`${at}/tree/${n % 3}/${n}`, { recursive: true });
      writeFileSync(`${at}/tree/${n % 3}/${n}/file`, '');
    }
    yield* symlink('../kept', `${at}/tree/link`);
    yield* symlink('..', `${at}/tree/0/up`);
    yield* remove(`${at}/tree`, { recursive: true });
    assert.deepEqual(names(at), ['kept']);
    assert.deepEqual(names(`${at}/kept`), ['file']);
    yield* remove(`${at}/tree`, { recursive: true, force: true });
    yield* remove(`${at}/tree`, { force: true });
    assert.equal((yield* failure(remove(`${at}/tree`, { recursive: true }))).code, 'ENOENT');
    mkdirSync(`${at}/empty`);
    yield* remove(`${at}/empty`);
    assert.deepEqual(names(at), ['kept']);
  });

  it('leaves no task and no descriptor, wherever it is cancelled', async () => {
    const at = folder();
    await cancelEverywhere(function* () {
      yield* makeDir(`${at}/tree/a/b`, { recursive: true });
      for (const name of ['1', '2', '3']) yield* writeFile(`${at}/tree/a/${name}`, name);
      yield* remove(`${at}/tree`, { recursive: true });
    });
    assert.deepEqual(names(at), []);
  });
});

describe('a temporary directory', () => {
  both('is its maker’s alone, and removed with what is in it', function* (at) {
    const one = yield* tempDir({ directory: at, prefix: 'x-' });
    const two = yield* tempDir({ directory: at });
    assert.match(one.path.slice(at.length), /^\/x-\w{12}$/);
    assert.equal(statSync(one.path).mode & 0o777, 0o700);
    yield* makeDir(`${one.path}/a/b`, { recursive: true });
    yield* one.remove();
    yield* one.remove();
    yield* two.remove();
    assert.deepEqual(names(at), []);
    assert.equal((yield* failure(tempDir({ directory: `${at}/none` }))).code, 'ENOENT');
  });

  it('is removed at the end of a block that awaits it', async () => {
    const at = folder();
    {
      await using made = await tempDir({ directory: at });
      await using file = await tempFile({ directory: at });
      assert.equal(names(at).length, 2);
      assert.ok(statSync(made.path).isDirectory() && statSync(file.path).isFile());
    }
    assert.deepEqual(names(at), []);
  });
});

describe('a temporary file', () => {
  both('is open, its maker’s alone, and removed', function* (at) {
    const made = yield* tempFile({ directory: at });
    assert.equal(statSync(made.path).mode & 0o777, 0o600);
    yield* made.file.writeAll(encode('text'));
    const target = new Uint8Array(4);
    yield* made.file.readAt(target, 0);
    assert.equal(decode(target), 'text');
    yield* made.remove();
    assert.equal(made.file.closed, true);
    assert.deepEqual(names(at), []);
  });

  it('is not left, wherever its making or its use is cancelled', async () => {
    const at = folder();
    await cancelEverywhere(
      function* () {
        const directory = yield* tempDir({ directory: at });
        try {
          const file = yield* tempFile({ directory: directory.path });
          try {
            yield* file.file.writeAll(encode('x'));
          } finally {
            yield* file.remove();
          }
        } finally {
          yield* directory.remove();
        }
      },
      { afterEach: () => assert.deepEqual(names(at), []) },
    );
  });
});

describe('a whole file', () => {
  both('is written and read', function* (at) {
    const path = `${at}/file`;
    const bytes = new Uint8Array(200_000).map((_, i) => i % 251);
    yield* writeFile(path, bytes);
    assert.deepEqual(yield* readFile(path), bytes);
    yield* writeFile(path, 'grün', { permissions: 0o600 });
    assert.equal(yield* readText(path), 'grün');
    yield* writeFile(path, '!', { flags: 'a' });
    assert.equal(readFileSync(path, 'utf8'), 'grün!');
    assert.equal((yield* failure(writeFile(path, '', { flags: 'wx' }))).code, 'EEXIST');
    yield* writeFile(path, '');
    assert.equal((yield* readFile(path)).length, 0);
  });

  both('whose size is not known is read to its end', function* () {
    assert.match(yield* readText('/proc/self/status'), /^Name:[\s\S]*\nnonvoluntary_ctxt_switches:\t\d+\n$/);
    assert.equal((yield* failure(readFile('/dev/zero', { limit: 100_000 }))).code, 'LIMIT_EXCEEDED');
  });

  both('that is longer than wanted is refused', function* (at) {
    yield* writeFile(`${at}/file`, '12345');
    assert.equal(yield* readText(`${at}/file`, { limit: 5 }), '12345');
    const error = yield* failure(readFile(`${at}/file`, { limit: 4 }));
    assert.deepEqual([error.code, error.path], ['LIMIT_EXCEEDED', `${at}/file`]);
    assert.throws(() => readFile(`${at}/file`, { limit: NaN }), { code: 'BAD_ARGUMENT' });
    assert.throws(() => writeFile(`${at}/file`, '', { flags: 'r' as never }), { code: 'BAD_ARGUMENT' });
    assert.throws(() => writeFile(`${at}/file`, 3 as never), { code: 'BAD_ARGUMENT' });
  });

  both('that cannot be had is told', function* (at) {
    assert.equal((yield* failure(readFile(`${at}/none`))).code, 'ENOENT');
    assert.equal((yield* failure(readFile(at))).code, 'EISDIR');
    assert.equal((yield* failure(writeFile(at, ''))).code, 'EISDIR');
    assert.equal((yield* failure(writeFile('/dev/full', 'x'))).code, 'ENOSPC');
  });

  both('is copied, and tells how far it has come', function* (at) {
    const bytes = new Uint8Array(1_300_000).map((_, i) => i % 251);
    yield* writeFile(`${at}/from`, bytes, { permissions: 0o640 });
    const told: [number, number][] = [];
    const copying = copyFile(`${at}/from`, `${at}/to`, { onProgress: (...progress) => told.push(progress) });
    assert.equal(yield* copying, bytes.length);
    assert.deepEqual([copying.copied, copying.total], [bytes.length, bytes.length]);
    assert.ok(told.length >= 3);
    assert.deepEqual(told.at(-1), [bytes.length, bytes.length]);
    assert.deepEqual(yield* readFile(`${at}/to`), bytes);
    assert.equal(statSync(`${at}/to`).mode & 0o777, 0o640 & ~process.umask());
    yield* writeFile(`${at}/from`, 'short');
    yield* copyFile(`${at}/from`, `${at}/to`);
    assert.equal(yield* readText(`${at}/to`), 'short');
    assert.equal((yield* failure(copyFile(`${at}/from`, `${at}/to`, { exclusive: true }))).code, 'EEXIST');
    assert.equal((yield* failure(copyFile(`${at}/none`, `${at}/to`))).code, 'ENOENT');
    assert.equal((yield* failure(copyFile(at, `${at}/to`))).code, 'EISDIR');
    yield* link(`${at}/from`, `${at}/same`);
    assert.equal((yield* failure(copyFile(`${at}/from`, `${at}/same`))).code, 'BAD_ARGUMENT');
    assert.equal(yield* readText(`${at}/from`), 'short');
  });

  both('is copied where it is one, and to one', function* (at) {
    yield* makeFifo(`${at}/fifo`);
    yield* writeFile(`${at}/file`, 'x');
    for (const other of [`${at}/fifo`, '/dev/zero']) {
      for (const copying of [copyFile(other, `${at}/copy`), copyFile(`${at}/file`, other)]) {
        const error = yield* failure(copying);
        assert.deepEqual([error.code, error.path], ['BAD_ARGUMENT', other]);
      }
    }
    assert.deepEqual(names(at), ['fifo', 'file']);
    assert.equal((yield* failure(copyFile(`${at}/file`, at))).code, 'EISDIR');
    let pieces = 0;
    yield* copyFile('/proc/self/status', `${at}/status`, { onProgress: () => pieces++ });
    assert.match(yield* readText(`${at}/status`), /^Name:/);
    assert.ok(pieces < 10, `${pieces}`);
  });

  it('leaves no descriptor, wherever its copy is cancelled', async () => {
    const at = folder();
    writeFileSync(`${at}/from`, new Uint8Array(1_300_000));
    await cancelEverywhere(() => copyFile(`${at}/from`, `${at}/to`));
    await cancelEverywhere(function* () {
      yield* writeFile(`${at}/x`, 'x');
      yield* readText(`${at}/x`);
    });
  });
});
