/** SimFiles: the disk of a simulated machine as one boot of it sees it. */
import type {
  DirectoryEntry,
  DirectoryHandle,
  FileDriver,
  FileHandle,
  FileStatus,
  OpenMode,
  Operation,
  WatchHandle,
} from '../../files.ts';
import type { SimDriver } from '../driver.ts';
import { fileError } from '../system-error.ts';
import { entriesOf, SimDirectory } from './directory.ts';
import { type Disk, failed, type Found } from './disk.ts';
import { QUICK, SimFile } from './file.ts';
import { DirectoryInode, FileInode } from './inode.ts';
import { DiskOperation, type Pool } from './operation.ts';
import { SimWatch } from './watch.ts';

/** What changes names is written to the medium by and by: it takes a little more than a look into memory. */
const CHANGE = 0.05;

export class SimFiles implements FileDriver, Pool {
  readonly driver: SimDriver;
  pending = 0;
  /** Open files and directories. */
  readonly opened: Set<{ readonly what: string }> = new Set();

  constructor(driver: SimDriver) {
    this.driver = driver;
  }

  get disk(): Disk {
    return this.driver.machine.disk;
  }

  /** Time of day on the machine. */
  now(): number {
    return this.driver.wallTime();
  }

  open(path: string, mode: OpenMode): Operation<FileHandle> {
    return this.operation<FileHandle>(
      CHANGE,
      () => this.openNow(path, mode),
      (file) => file.close(),
    );
  }

  status(path: string, follow: boolean): Operation<FileStatus> {
    const about = { call: follow ? 'stat' : 'lstat', path } as const;
    return this.operation(QUICK, () => this.disk.existing(path, follow, about).inode.status());
  }

  openDirectory(path: string): Operation<DirectoryHandle> {
    return this.operation<DirectoryHandle>(
      QUICK,
      () => new SimDirectory(this, this.disk.directoryAt(path, { call: 'opendir', path }), path),
      (directory) => directory.close(),
    );
  }

  listDirectory(path: string): Operation<readonly DirectoryEntry[]> {
    return this.operation(QUICK, () => entriesOf(this.disk.directoryAt(path, { call: 'scandir', path })));
  }

  makeDirectory(path: string, permissions: number): Operation<void> {
    return this.operation(CHANGE, () => this.disk.makeDirectory(path, permissions));
  }

  removeDirectory(path: string): Operation<void> {
    return this.operation(CHANGE, () => this.disk.removeDirectory(path));
  }

  unlink(path: string): Operation<void> {
    return this.operation(CHANGE, () => this.disk.unlink(path));
  }

  rename(from: string, to: string): Operation<void> {
    return this.operation(CHANGE, () => this.disk.rename(from, to));
  }

  link(from: string, to: string): Operation<void> {
    return this.operation(CHANGE, () => this.disk.link(from, to));
  }

  symlink(target: string, path: string): Operation<void> {
    return this.operation(CHANGE, () => this.disk.symlink(target, path));
  }

  readLink(path: string): Operation<string> {
    return this.operation(QUICK, () => this.disk.readLink(path));
  }

  realPath(path: string): Operation<string> {
    return this.operation(QUICK, () => this.disk.realPath(path));
  }

  watch(path: string): WatchHandle {
    const { inode } = this.disk.existing(path, true, { call: 'inotify_add_watch', path });
    return new SimWatch(this.driver, inode, path);
  }

  private openNow(path: string, mode: OpenMode): SimFile {
    const about = { call: 'open', path } as const;
    const { driver, disk } = this;
    const found: Found = disk.find(path, !(mode.create && mode.exclusive), about);
    let { inode } = found;
    if (inode === undefined) {
      if (!mode.create) throw failed('ENOENT', about);
      if (this.isFull()) throw fileError('EMFILE', 'open', path);
      inode = disk.makeFile(found, mode.permissions);
    } else if (mode.create && mode.exclusive) throw failed('EEXIST', about);
    if (inode instanceof DirectoryInode && (mode.write || mode.create)) throw failed('EISDIR', about);
    if (mode.directory && !(inode instanceof DirectoryInode)) throw failed('ENOTDIR', about);
    if (this.isFull()) throw fileError('EMFILE', 'open', path);
    if (mode.truncate && mode.write && inode instanceof FileInode && inode.size > 0) {
      if (inode.change({ length: 0 })) disk.dirty.add(inode);
      inode.modified = driver.wallTime();
      inode.tell('modified');
    }
    return new SimFile(this, inode, path, mode);
  }

  private isFull(): boolean {
    const { driver, opened } = this;
    return driver.sources.size + opened.size >= driver.machine.descriptors;
  }

  private operation<T>(takes: number, act: () => T, undo?: (value: T) => void): Operation<T> {
    return new DiskOperation<T>(this, { takes, act, ...(undo === undefined ? {} : { undo }) });
  }
}
