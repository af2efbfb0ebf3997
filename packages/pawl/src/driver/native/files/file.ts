/**
 * An open file: a descriptor that Node has opened, and operations on it through libuv's pool.
 *
 * What must hold: the descriptor is closed once, and not while an operation uses it: another file could get its number.
 *
 * A read of bytes that are in memory already is done at its first poll, on this thread (preadv2 with RWF_NOWAIT): a copy is a tenth of a
 * thread's round trip. Where the file system does not know the flag the file stops asking.
 */
import * as fs from 'node:fs';
import { PawlError } from '../../../error/index.ts';
import type { Context } from '../../../future/context.ts';
import type { Poll } from '../../../future/poll.ts';
import { EAGAIN } from '../../../sys/errno.ts';
import * as sys from '../../../sys/file.ts';
import type { FileHandle, FileStatus, LockKind, Mapping, Operation } from '../../files.ts';
import { NativeMapping } from './mapping.ts';
import { type Call, type Open, type Pool, PoolOperation, type Subject } from './operation.ts';
import { toStatus } from './status.ts';

/** The most that Linux moves at once (read(2)). Node would take a longer length for another one. */
const MOST_BYTES = 0x7ffff000;

export class NativeFile implements FileHandle, Subject, Open {
  readonly path: string;
  readonly #pool: Pool;
  readonly #fd: number;
  #users = 0;
  #closed = false;
  /** Bytes that are in memory can be asked for. */
  #cached = true;

  constructor(pool: Pool, fd: number, path: string) {
    this.#pool = pool;
    this.#fd = fd;
    this.path = path;
    pool.opened.add(this);
  }

  get what(): string {
    return `file ${this.path}`;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A few words, for people. */
  #release(): void {
    this.#pool.opened.delete(this);
    closeFile(this.#fd);
  }

  enter(): void {
    this.#open();
    this.#users++;
  }

  leave(): void {
    if (--this.#users === 0 && this.#closed) this.#release();
  }

  read(target: Uint8Array, position: number | null): Operation<number> {
    if (position === null || !this.#cached) return this.readFromDisk(target, position);
    return new CachedRead(this, target, position);
  }

  /** @internal By the pool. */
  readFromDisk(target: Uint8Array, position: number | null): Operation<number> {
    const fd = this.#fd;
    const length = Math.min(target.length, MOST_BYTES);
    return this.#operation<number>({
      start: (done) => fs.read(fd, target, 0, length, position, done),
      now: () => fs.readSync(fd, target, 0, length, position),
    });
  }

  /** @internal Bytes, or a negative number where the pool has to be asked. */
  readCached(target: Uint8Array, position: number): number {
    this.#open();
    if (!this.#cached) return -1;
    const count = sys.readCached(this.#fd, target, position);
    // Not now, or, for anything else than that, not ever: the pool tells what it is.
    if (count < 0 && count !== -EAGAIN) this.#cached = false;
    return count;
  }

  readVectored(targets: readonly Uint8Array[], position: number | null): Operation<number> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => fs.readv(fd, targets, position, done),
      now: () => fs.readvSync(fd, targets, position ?? undefined),
    });
  }

  write(source: Uint8Array, position: number | null): Operation<number> {
    const fd = this.#fd;
    const length = Math.min(source.length, MOST_BYTES);
    return this.#operation({
      start: (done) => fs.write(fd, source, 0, length, position, done),
      now: () => fs.writeSync(fd, source, 0, length, position),
    });
  }

  writeVectored(sources: readonly Uint8Array[], position: number | null): Operation<number> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => (position === null ? fs.writev(fd, sources, done) : fs.writev(fd, sources, position, done)),
      now: () => fs.writevSync(fd, sources, position ?? undefined),
    });
  }

  sync(metadata: boolean): Operation<void> {
    const fd = this.#fd;
    return this.#operation(
      metadata
        ? { start: (done) => fs.fsync(fd, done as fs.NoParamCallback), now: () => fs.fsyncSync(fd) }
        : { start: (done) => fs.fdatasync(fd, done as fs.NoParamCallback), now: () => fs.fdatasyncSync(fd) },
    );
  }

  truncate(length: number): Operation<void> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => fs.ftruncate(fd, length, done as fs.NoParamCallback),
      now: () => fs.ftruncateSync(fd, length),
    });
  }

  status(): Operation<FileStatus> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => fs.fstat(fd, (error, stats) => done(error, error ? (undefined as never) : toStatus(stats))),
      now: () => toStatus(fs.fstatSync(fd)),
    });
  }

  setPermissions(permissions: number): Operation<void> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => fs.fchmod(fd, permissions, done as fs.NoParamCallback),
      now: () => fs.fchmodSync(fd, permissions),
    });
  }

  setOwner(uid: number, gid: number): Operation<void> {
    const fd = this.#fd;
    return this.#operation({
      start: (done) => fs.fchown(fd, uid, gid, done as fs.NoParamCallback),
      now: () => fs.fchownSync(fd, uid, gid),
    });
  }

  tryLock(kind: LockKind): boolean {
    this.#open();
    return sys.tryLock(this.#fd, kind === 'exclusive', this.path);
  }

  unlock(): void {
    this.#open();
    sys.unlock(this.#fd, this.path);
  }

  map(offset: number, length: number): Mapping {
    this.#open();
    return new NativeMapping(this.#pool, this.#fd, this.path, offset, length);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#users === 0) this.#release();
  }

  #open(): void {
    if (this.#closed) throw new PawlError('CLOSED', `the file has been closed: '${this.path}'`, { path: this.path });
  }

  #operation<T>(call: Omit<Call<T>, 'subject' | 'path'>): PoolOperation<T> {
    return new PoolOperation(this.#pool, { ...call, subject: this, path: this.path });
  }
}

/**
 * Node opened it, and Node must close it: it keeps a list of what a worker has opened, and closes what that leaves open, by number. (So these are
 * not in our own table.) What a close can tell of writes that have failed, `sync` tells before.
 */
function closeFile(fd: number): void {
  try {
    fs.closeSync(fd);
  } catch {
    // The number is free in any case; see close(2).
  }
}

/** A read that asks the page cache first. */
class CachedRead implements Operation<number> {
  readonly #file: NativeFile;
  readonly #target: Uint8Array;
  readonly #position: number;
  /** Where the cache had nothing. */
  #operation: Operation<number> | null = null;

  constructor(file: NativeFile, target: Uint8Array, position: number) {
    this.#file = file;
    this.#target = target;
    this.#position = position;
  }

  poll(cx: Context): Poll<number> {
    if (this.#operation === null) {
      const count = this.#file.readCached(this.#target, this.#position);
      if (count >= 0) return count;
      this.#operation = this.#file.readFromDisk(this.#target, this.#position);
    }
    return this.#operation.poll(cx);
  }

  cancel(cx: Context): Poll<void> {
    return this.#operation === null ? undefined : this.#operation.cancel(cx);
  }
}
