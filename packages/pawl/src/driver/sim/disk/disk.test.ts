import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constantFrom, double, infiniteStream, property, record } from 'fast-check';
import { Disk } from './disk.ts';
import { DirectoryInode, FileInode } from './inode.ts';

const about = (path: string) => ({ call: 'open', path }) as const;

function read(disk: Disk, path: string): string | undefined {
  const { inode } = disk.find(path, true, about(path));
  if (!(inode instanceof FileInode)) return undefined;
  const bytes = new Uint8Array(inode.size);
  inode.content.read(bytes, 0);
  return new TextDecoder().decode(bytes);
}

/** Writes a whole file, without a sync. */
function write(disk: Disk, path: string, text: string): FileInode {
  const found = disk.find(path, true, about(path));
  const file = found.inode instanceof FileInode ? found.inode : disk.makeFile(found, 0o666);
  file.change({ length: 0 });
  file.change({ at: 0, bytes: new TextEncoder().encode(text) });
  disk.dirty.add(file);
  return file;
}

test('a rename is whole after a crash, whatever else survives', () => {
  check(
    property(infiniteStream(constantFrom(0, 1)), (survives) => {
      const disk = new Disk(() => 0);
      disk.makeDirectory('/a', 0o777);
      disk.makeDirectory('/b', 0o777);
      disk.sync(disk.root);
      disk.sync(write(disk, '/a/x', 'x'));
      disk.sync(disk.directoryAt('/a', about('/a')));
      disk.rename('/a/x', '/b/y');
      disk.crash(() => survives.next().value as number);
      const names = [read(disk, '/a/x'), read(disk, '/b/y')];
      assert.ok(String(names) === 'x,' || String(names) === ',x', String(names));
    }),
  );
});

test('what is synced is there after every crash', () => {
  const step = record({
    what: constantFrom('write', 'sync', 'rename', 'unlink', 'crash'),
    name: constantFrom('p', 'q', 'r'),
  });
  check(
    property(array(step, { maxLength: 60 }), infiniteStream(double({ min: 0, max: 1, noNaN: true })), (steps, luck) => {
      const disk = new Disk(() => 0);
      const names = ['p', 'q', 'r'];
      let version = 0;
      let durable: (string | undefined)[] | null = null;
      const now = () => names.map((name) => read(disk, `/${name}`));
      for (const { what, name } of steps) {
        const exists = read(disk, `/${name}`) !== undefined;
        const other = names[(names.indexOf(name) + 1) % 3]!;
        if (what === 'write') {
          write(disk, `/${name}`, `version ${++version}`);
          durable = null;
        } else if (what === 'rename' && exists) {
          disk.rename(`/${name}`, `/${other}`);
          durable = null;
        } else if (what === 'unlink' && exists) {
          disk.unlink(`/${name}`);
          durable = null;
        } else if (what === 'sync') {
          for (const each of names) {
            const { inode } = disk.find(`/${each}`, true, about(each));
            if (inode !== undefined) disk.sync(inode);
          }
          disk.sync(disk.root);
          durable = now();
        } else if (what === 'crash') {
          disk.crash(() => luck.next().value as number);
          if (durable !== null) assert.deepEqual(now(), durable);
          // What a crash has left is on the disk.
          durable = now();
        }
      }
    }),
  );
});

test('paths lead where they say, through links and back', () => {
  const disk = new Disk(() => 0);
  disk.makeDirectory('/a', 0o777);
  disk.makeDirectory('/a/b', 0o777);
  write(disk, '/a/b/file', 'found');
  disk.symlink('b/../b', '/a/link');
  disk.symlink('/a/link', '/far');
  disk.symlink('around', '/around');
  assert.equal(read(disk, '//far/./file'), 'found');
  assert.equal(disk.realPath('/far/../b/file'), '/a/b/file');
  assert.equal(disk.realPath('/../..'), '/');
  assert.ok(disk.find('/a/b/..', true, about('')).inode instanceof DirectoryInode);
  for (const [path, code] of [
    ['/around', 'ELOOP'],
    ['/a/b/file/x', 'ENOTDIR'],
    ['/a/no/x', 'ENOENT'],
  ] as const)
    assert.throws(() => disk.find(path, true, about(path)), { code, path });
  assert.throws(() => disk.rename('/a', '/a/b/c'), { code: 'EINVAL' });
  assert.throws(() => disk.rename('/a/b/file', '/a/b'), { code: 'EISDIR' });
  assert.throws(() => disk.rename('/a/b', '/a/b/file'), { code: 'EINVAL' });
  assert.throws(() => disk.removeDirectory('/'), { code: 'EBUSY' });
});
