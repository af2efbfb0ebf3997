/** Node's stats and entries of directories as ours. */
import type { Dirent, Stats } from 'node:fs';
import type { DirectoryEntry, EntryType, FileStatus } from '../../files.ts';

/** The names of types that both have. */
function typeOf(of: Stats | Dirent): EntryType {
  if (of.isFile()) return 'file';
  if (of.isDirectory()) return 'directory';
  if (of.isSymbolicLink()) return 'symlink';
  if (of.isFIFO()) return 'fifo';
  if (of.isSocket()) return 'socket';
  if (of.isCharacterDevice()) return 'character device';
  if (of.isBlockDevice()) return 'block device';
  return 'unknown';
}

export function toStatus(stats: Stats): FileStatus {
  return {
    type: typeOf(stats),
    size: stats.size,
    permissions: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
    links: stats.nlink,
    device: stats.dev,
    inode: stats.ino,
    accessed: stats.atimeMs,
    modified: stats.mtimeMs,
    changed: stats.ctimeMs,
    created: stats.birthtimeMs,
  };
}

export function toEntry(entry: Dirent): DirectoryEntry {
  return { name: entry.name, type: typeOf(entry) };
}
