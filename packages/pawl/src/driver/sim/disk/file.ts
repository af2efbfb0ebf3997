/**
 * SimFile: an open file or directory of a simulated machine.
 *
 * What must hold: an inode without a name is there as long as it is open. A read or a write may be shorter than it could be.
 */
import { PawlError } from '../../../error/index.ts';
import type { FileHandle, FileStatus, LockKind, Mapping, OpenMode, Operation } from '../../files.ts';
import { SHORT_READ, SHORT_WRITE } from '../kinds.ts';
import { type FileCall, fileError } from '../system-error.ts';
import { FileInode, type Inode } from './inode.ts';
import { DiskOperation, type Subject } from './operation.ts';
import type { SimFiles } from './files.ts';

/** What operations take on an idle disk, in ms: of memory, and of the medium. */
export const QUICK = 0.02;
const SYNC = 1;

export class SimFile implements FileHandle, Subject {
  readonly path: string;
  closed = false;
  private readonly files: SimFiles;
  private readonly inode: Inode;
  private readonly mode: OpenMode;
  private position = 0;
  private users = 0;

  constructor(files: SimFiles, inode: Inode, path: string, mode: OpenMode) {
    this.files = files;
    this.inode = inode;
    this.path = path;
    this.mode = mode;
    files.opened.add(this);
  }

  get what(): string {
    return `file ${this.path}`;
  }

  enter(): void {
    this.open();
    this.users++;
  }

  leave(): void {
    if (--this.users === 0 && this.closed) this.release();
  }

  read(target: Uint8Array, position: number | null): Operation<number> {
    return this.operation(QUICK, () => this.readNow(target, position));
  }

  readVectored(targets: readonly Uint8Array[], position: number | null): Operation<number> {
    return this.operation(QUICK, () => {
      let total = 0;
      for (const target of targets) {
        const count = this.readNow(target, position === null ? null : position + total);
        total += count;
        if (count < target.length) break;
      }
      return total;
    });
  }

  write(source: Uint8Array, position: number | null): Operation<number> {
    return this.operation(QUICK, () => this.writeNow(source, position));
  }

  writeVectored(sources: readonly Uint8Array[], position: number | null): Operation<number> {
    return this.operation(QUICK, () => {
      let length = 0;
      for (const source of sources) length += source.length;
      const gathered = new Uint8Array(length);
      let at = 0;
      for (const source of sources) {
        gathered.set(source, at);
        at += source.length;
      }
      return this.writeNow(gathered, position);
    });
  }

  sync(_metadata: boolean): Operation<void> {
    return this.operation(SYNC, () => this.files.disk.sync(this.inode));
  }

  truncate(length: number): Operation<void> {
    return this.operation(QUICK, () => {
      const file = this.file('ftruncate', 'EINVAL');
      if (!this.mode.write) throw fileError('EINVAL', 'ftruncate', this.path);
      this.change(file, { length });
    });
  }

  status(): Operation<FileStatus> {
    return this.operation(QUICK, () => this.inode.status());
  }

  setPermissions(permissions: number): Operation<void> {
    return this.operation(QUICK, () => {
      this.inode.permissions = permissions & 0o7777;
      this.attributes();
    });
  }

  setOwner(uid: number, gid: number): Operation<void> {
    return this.operation(QUICK, () => {
      this.inode.uid = uid;
      this.inode.gid = gid;
      this.attributes();
    });
  }

  tryLock(kind: LockKind): boolean {
    this.open();
    const { locks } = this.file('flock', 'EBADF');
    for (const [holder, held] of locks)
      if (holder !== this && (kind === 'exclusive' || held === 'exclusive')) return false;
    locks.set(this, kind);
    return true;
  }

  unlock(): void {
    this.open();
    this.file('flock', 'EBADF').locks.delete(this);
  }

  map(offset: number, length: number): Mapping {
    this.open();
    const { content } = this.file('mmap', 'ENODEV');
    if (length === 0) throw fileError('EINVAL', 'mmap', this.path);
    return new SimMapping(this.path, length, (target, at) => content.read(target, offset + at));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.users === 0) this.release();
  }

  private readNow(target: Uint8Array, position: number | null): number {
    const file = this.file('read', 'EISDIR');
    if (!this.mode.read) throw fileError('EBADF', 'read', this.path);
    const { world } = this.files.driver;
    const at = position ?? this.position;
    const available = Math.min(target.length, Math.max(file.content.length - at, 0));
    const short = world.pick(available, world.freedoms.shortRead, SHORT_READ);
    const count = file.content.read(short === 0 ? target : target.subarray(0, short), at);
    if (position === null) this.position += count;
    file.accessed = this.files.now();
    world.decisions.digest.bytes(target.subarray(0, count));
    return count;
  }

  private writeNow(source: Uint8Array, position: number | null): number {
    if (!this.mode.write) throw fileError('EBADF', 'write', this.path);
    const file = this.file('write', 'EISDIR');
    const { world } = this.files.driver;
    const short = world.pick(source.length, world.freedoms.shortWrite, SHORT_WRITE);
    const bytes = source.slice(0, short === 0 ? source.length : short);
    const at = this.mode.append ? file.content.length : (position ?? this.position);
    if (position === null) this.position = at + bytes.length;
    world.deed(`${this.path} is written`, bytes);
    if (bytes.length > 0) this.change(file, { at, bytes });
    world.decisions.digest.bytes(bytes);
    return bytes.length;
  }

  private change(file: FileInode, change: Parameters<FileInode['change']>[0]): void {
    if (file.change(change)) this.files.disk.dirty.add(file);
    file.modified = this.files.now();
    file.changed = file.modified;
    file.tell('modified');
  }

  private attributes(): void {
    this.inode.changed = this.files.now();
    this.inode.tell('attributes');
  }

  /** The inode, unless it is a directory's. */
  private file(call: FileCall, otherwise: 'EISDIR' | 'EINVAL' | 'EBADF' | 'ENODEV'): FileInode {
    if (this.inode instanceof FileInode) return this.inode;
    throw fileError(otherwise, call, this.path);
  }

  private release(): void {
    this.files.opened.delete(this);
    if (!(this.inode instanceof FileInode)) return;
    this.inode.locks.delete(this);
    if (this.mode.write) this.inode.tell('closed-write');
  }

  private open(): void {
    if (this.closed) throw new PawlError('CLOSED', `the file has been closed: '${this.path}'`, { path: this.path });
  }

  private operation<T>(takes: number, act: () => T): Operation<T> {
    return new DiskOperation(this.files, { takes, act, subject: this });
  }
}

class SimMapping implements Mapping {
  readonly length: number;
  closed = false;
  private readonly path: string;
  private readonly copy: (target: Uint8Array, at: number) => number;

  constructor(path: string, length: number, copy: (target: Uint8Array, at: number) => number) {
    this.path = path;
    this.length = length;
    this.copy = copy;
  }

  read(target: Uint8Array, at: number): number {
    if (this.closed) throw new PawlError('CLOSED', `the mapping has been closed: '${this.path}'`, { path: this.path });
    return this.copy(target.subarray(0, Math.max(Math.min(target.length, this.length - at), 0)), at);
  }

  close(): void {
    this.closed = true;
  }
}
