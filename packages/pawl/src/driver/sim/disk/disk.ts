/**
 * Disk: the files of a simulated machine. It outlives the machine's crashes, and then has what was made durable before.
 *
 * What must hold: every call here is done at once and whole; that operations take time, and what of them a crash leaves, is said by whoever
 * calls. Errors are Linux's. There is one user, who may do everything.
 */
import { tmpdir } from 'node:os';
import { type FileCall, fileError, type SimErrorCode } from '../system-error.ts';
import { DirectoryInode, FileInode, Inode, LinkInode } from './inode.ts';
import { Journal, type NameChange } from './journal.ts';

/** What a path leads to: the directory that its last name is in, that name, and what is there. */
export interface Found {
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** A call about a path, for its errors. */
export interface About {
  readonly call: FileCall;
  readonly path: string;
  readonly dest?: string;
}

/** Symbolic links in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/** What permissions new files lack. */
const UMASK = 0o022;

export class Disk {
  readonly root: DirectoryInode;
  readonly journal: Journal = new Journal();
  /** Files with changes that were not synced, in the order in which they got them. */
  readonly dirty: Set<FileInode> = new Set();
  private readonly now: () => number;
  private numbers = 1;
  private cookies = 0;

  /** `now`: the machine's time of day. It is born with a directory for temporary files. */
  constructor(now: () => number) {
    this.now = now;
    this.root = new DirectoryInode(this.numbers++, 0o755, now());
    this.root.links = 2;
    let directory = this.root;
    for (const name of tmpdir().split('/').filter(Boolean)) {
      const inner = new DirectoryInode(this.numbers++, 0o777, now());
      this.put(directory, name, inner);
      directory.durable.set(name, inner);
      directory = inner;
    }
    this.journal.crash(() => true);
  }

  /** Follows a path. ENOENT, ENOTDIR and ELOOP on the way; that there is nothing at its end is no error. */
  find(path: string, follow: boolean, about: About): Found {
    const rest = path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .reverse();
    let directory = this.root;
    let links = 0;
    for (;;) {
      const name = rest.pop();
      if (name === undefined)
        return { directory: directory.parent ?? directory, name: directory.name, inode: directory };
      if (name === '..') {
        directory = directory.parent ?? directory;
        continue;
      }
      const inode = directory.entries.get(name);
      const last = rest.length === 0;
      if (inode instanceof LinkInode && (follow || !last)) {
        if (++links > MOST_LINKS) throw failed('ELOOP', about);
        const parts = inode.target.split('/').filter((part) => part !== '' && part !== '.');
        rest.push(...parts.reverse());
        if (inode.target.startsWith('/')) directory = this.root;
        continue;
      }
      if (last && !(inode instanceof DirectoryInode)) return { directory, name, inode };
      if (inode === undefined) throw failed('ENOENT', about);
      if (!(inode instanceof DirectoryInode)) throw failed('ENOTDIR', about);
      directory = inode;
    }
  }

  /** What is at a path: ENOENT when nothing is. */
  existing(path: string, follow: boolean, about: About): Found & { readonly inode: Inode } {
    const found = this.find(path, follow, about);
    if (found.inode === undefined) throw failed('ENOENT', about);
    return found as Found & { readonly inode: Inode };
  }

  directoryAt(path: string, about: About): DirectoryInode {
    const { inode } = this.existing(path, true, about);
    if (!(inode instanceof DirectoryInode)) throw failed('ENOTDIR', about);
    return inode;
  }

  makeFile({ directory, name }: Found, permissions: number): FileInode {
    const file = new FileInode(this.numbers++, permissions & ~UMASK, this.now());
    this.put(directory, name, file);
    for (const watcher of directory.watchers) watcher.tell('created', name);
    return file;
  }

  makeDirectory(path: string, permissions: number): void {
    const about = { call: 'mkdir', path } as const;
    const { directory, name, inode } = this.find(path, false, about);
    if (inode !== undefined) throw failed('EEXIST', about);
    const made = new DirectoryInode(this.numbers++, permissions & ~UMASK, this.now());
    this.put(directory, name, made);
    for (const watcher of directory.watchers) watcher.tell('created', name);
  }

  removeDirectory(path: string): void {
    const about = { call: 'rmdir', path } as const;
    const { directory, name, inode } = this.existing(path, false, about);
    if (!(inode instanceof DirectoryInode)) throw failed('ENOTDIR', about);
    if (inode === this.root) throw failed('EBUSY', about);
    if (inode.entries.size > 0) throw failed('ENOTEMPTY', about);
    this.drop(directory, name, inode);
  }

  unlink(path: string): void {
    const about = { call: 'unlink', path } as const;
    const { directory, name, inode } = this.existing(path, false, about);
    if (inode instanceof DirectoryInode) throw failed('EISDIR', about);
    this.drop(directory, name, inode);
  }

  rename(path: string, dest: string): void {
    const about = { call: 'rename', path, dest } as const;
    const from = this.existing(path, false, about);
    const to = this.find(dest, false, about);
    const { inode } = from;
    const old = to.inode;
    if (inode === old) return;
    if (inode instanceof DirectoryInode) {
      for (let above: DirectoryInode | null = to.directory; above !== null; above = above.parent)
        if (above === inode) throw failed('EINVAL', about);
      if (old !== undefined && !(old instanceof DirectoryInode)) throw failed('ENOTDIR', about);
    } else if (old instanceof DirectoryInode) throw failed('EISDIR', about);
    if (old instanceof DirectoryInode && old.entries.size > 0) throw failed('ENOTEMPTY', about);
    from.directory.entries.delete(from.name);
    to.directory.entries.set(to.name, inode);
    inode.parent = to.directory;
    inode.name = to.name;
    this.journal.add(
      { directory: from.directory, name: from.name, inode: null },
      { directory: to.directory, name: to.name, inode },
    );
    this.touch(from.directory);
    this.touch(to.directory);
    const cookie = ++this.cookies;
    for (const watcher of from.directory.watchers) watcher.moved('moved-from', from.name, cookie);
    for (const watcher of to.directory.watchers) watcher.moved('moved-to', to.name, cookie);
    if (old !== undefined) this.unlinked(old);
  }

  link(path: string, dest: string): void {
    const about = { call: 'link', path, dest } as const;
    const { inode } = this.existing(path, false, about);
    if (inode instanceof DirectoryInode) throw failed('EPERM', about);
    const to = this.find(dest, false, about);
    if (to.inode !== undefined) throw failed('EEXIST', about);
    this.put(to.directory, to.name, inode);
    for (const watcher of to.directory.watchers) watcher.tell('created', to.name);
  }

  symlink(target: string, dest: string): void {
    const about = { call: 'symlink', path: target, dest } as const;
    const { directory, name, inode } = this.find(dest, false, about);
    if (inode !== undefined) throw failed('EEXIST', about);
    this.put(directory, name, new LinkInode(this.numbers++, this.now(), target));
    for (const watcher of directory.watchers) watcher.tell('created', name);
  }

  readLink(path: string): string {
    const about = { call: 'readlink', path } as const;
    const { inode } = this.existing(path, false, about);
    if (!(inode instanceof LinkInode)) throw failed('EINVAL', about);
    return inode.target;
  }

  realPath(path: string): string {
    const { directory, name, inode } = this.existing(path, true, { call: 'realpath', path });
    const names: string[] = inode === this.root ? [] : [name];
    for (let above = directory; above.parent !== null; above = above.parent) names.push(above.name);
    return `/${names.reverse().join('/')}`;
  }

  sync(inode: Inode): void {
    if (inode instanceof FileInode) {
      inode.sync();
      this.dirty.delete(inode);
    } else if (inode instanceof DirectoryInode) this.journal.sync(inode);
  }

  /** Power off. `survives`: the part of an unsynced change that reached the disk, from 0 to 1. */
  crash(survives: () => number): void {
    for (const file of this.dirty) file.crash(survives);
    this.dirty.clear();
    this.journal.crash(() => survives() > 0);
    this.restore(this.root);
  }

  private restore(directory: DirectoryInode): void {
    directory.watchers.clear();
    directory.entries = new Map(directory.durable);
    for (const [name, inode] of directory.entries) {
      inode.parent = directory;
      inode.name = name;
      inode.watchers.clear();
      if (inode instanceof DirectoryInode) this.restore(inode);
    }
  }

  private put(directory: DirectoryInode, name: string, inode: Inode): void {
    directory.entries.set(name, inode);
    inode.parent = directory;
    inode.name = name;
    inode.links += inode instanceof DirectoryInode ? 2 : 1;
    this.changed({ directory, name, inode });
  }

  private drop(directory: DirectoryInode, name: string, inode: Inode): void {
    directory.entries.delete(name);
    this.changed({ directory, name, inode: null });
    for (const watcher of directory.watchers) watcher.tell('removed', name);
    this.unlinked(inode);
  }

  private unlinked(inode: Inode): void {
    inode.links -= inode instanceof DirectoryInode ? 2 : 1;
    inode.changed = this.now();
    if (inode.links > 0) return;
    for (const watcher of inode.watchers) watcher.tell('gone');
    inode.watchers.clear();
  }

  private changed(change: NameChange): void {
    this.journal.add(change);
    this.touch(change.directory);
  }

  private touch(directory: DirectoryInode): void {
    directory.modified = this.now();
    directory.changed = directory.modified;
  }
}

export function failed(code: SimErrorCode, { call, path, dest }: About): Error {
  return fileError(code, call, path, dest);
}
