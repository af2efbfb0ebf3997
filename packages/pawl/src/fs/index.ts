/** Files: open ones as readers and writers, whole ones, directories, and watching them. */
export type { EntryType, FileStatus, LockKind, WatchEvent } from '../driver/files.ts';
export { syncDir, writeFileAtomic, type WriteFileAtomicOptions } from './atomic.ts';
export { readFile, type ReadFileOptions, readText, writeFile, type WriteFileOptions } from './contents.ts';
export { CopyFile, copyFile, type CopyFileOptions } from './copy-file.ts';
export { type DirEntry, listDir, readDir } from './directory.ts';
export { File, type MapOptions } from './file.ts';
export type { OpenFlags, OpenOptions } from './flags.ts';
export type { FileLock } from './lock.ts';
export type { MappedFile } from './mapped.ts';
export {
  link,
  makeDir,
  type MakeDirOptions,
  readLink,
  realPath,
  rename,
  stat,
  type StatOptions,
  symlink,
  tryStat,
} from './names.ts';
export type { Path } from './path.ts';
export type { WriteAt } from './positioned.ts';
export { remove, type RemoveOptions } from './remove.ts';
export { TempDir, tempDir, TempFile, tempFile, type TempOptions } from './temporary.ts';
export { walk, type WalkEntry, type WalkOptions } from './walk.ts';
export { watch } from './watch.ts';
