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

const names = ['p', 'q', 'r'];
const states = (disk: Disk) => names.map((name) => read(disk, `/${name}`));
const syncAll = (disk: Disk): void => {
  for (const name of names) {
    const { inode } = disk.find(`/${name}`, true, about(name));
    if (inode !== undefined) disk.sync(inode);
  }
  disk.sync(disk.root);
};

/** Runs random steps; `crashed` is told what was there at the last sync of everything, and whether anything has been done since. */
function histories(
  lucky: boolean,
  crashed: (disk: Disk, durable: (string | undefined)[], dirty: boolean) => void,
): void {
  const what = constantFrom('write', 'write', 'sync', 'rename', 'unlink', 'crash');
  const step = record({ what, name: constantFrom(...names) });
  const luck = infiniteStream(double({ min: 0, max: 1, noNaN: true }));
  check(
    property(array(step, { maxLength: 60 }), luck, (steps, survives) => {
      const disk = new Disk(() => 0);
      let version = 0;
      let durable = states(disk);
      let dirty = false;
      for (const { what, name } of steps) {
        if (what === 'sync') syncAll(disk);
        else if (what === 'crash') {
          disk.crash(() => (lucky ? (survives.next().value as number) : 0));
          crashed(disk, durable, dirty);
        } else if (what === 'write') write(disk, `/${name}`, `version ${++version}`);
        else if (read(disk, `/${name}`) === undefined) continue;
        else if (what === 'unlink') disk.unlink(`/${name}`);
        else disk.rename(`/${name}`, `/${names[(names.indexOf(name) + 1) % 3]!}`);
        dirty = what !== 'sync' && what !== 'crash';
        // What a crash has left is on the disk.
        if (!dirty) durable = states(disk);
      }
    }),
  );
}

test('without luck a crash leaves what was there at the last sync', () => {
  histories(false, (disk, durable) => assert.deepEqual(states(disk), durable));
});

test('with luck, too, when everything was synced', () => {
  histories(true, (disk, durable, dirty) => {
    if (!dirty) assert.deepEqual(states(disk), durable);
  });
});

test('a change that is made durable takes the earlier ones of its names along', () => {
  const disk = new Disk(() => 0);
  disk.makeDirectory('/a', 0o777);
  disk.makeDirectory('/b', 0o777);
  disk.sync(disk.root);
  disk.sync(write(disk, '/a/x', 'new'));
  disk.sync(write(disk, '/b/y', 'old'));
  disk.rename('/a/x', '/b/y');
  disk.sync(disk.directoryAt('/a', about('/a')));
  disk.sync(disk.directoryAt('/b', about('/b')));
  disk.crash(() => 0);
  assert.deepEqual([read(disk, '/a/x'), read(disk, '/b/y')], [undefined, 'new']);
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
