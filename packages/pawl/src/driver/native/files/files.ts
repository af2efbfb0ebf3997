/**
 * The disk of the native driver: Node's own file functions, whose calls libuv makes on its pool of threads (four, unless
 * UV_THREADPOOL_SIZE says otherwise). Node's permission model is thereby asked for every path.
 */
import * as fs from 'node:fs';
import type { Timers } from '../../driver.ts';
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
import type { Reactor } from '../reactor.ts';
import { FETCHED, NativeDirectory } from './directory.ts';
import { NativeFile } from './file.ts';
import { type Callback, type Open, type Pool, PoolOperation } from './operation.ts';
import { toEntry, toStatus } from './status.ts';
import { NativeWatch } from './watch.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOCTTY, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;

export class NativeFiles implements FileDriver, Pool {
  readonly timers: Timers;
  pending = 0;
  readonly opened: Set<Open> = new Set();
  readonly #reactor: Reactor;
  readonly #isBlocking: () => boolean;

  constructor(reactor: Reactor, timers: Timers, isBlocking: () => boolean) {
    this.#reactor = reactor;
    this.timers = timers;
    this.#isBlocking = isBlocking;
  }

  get blocking(): boolean {
    return this.#isBlocking();
  }

  open(path: string, mode: OpenMode): Operation<FileHandle> {
    const flags = toFlags(mode);
    const { permissions } = mode;
    return new PoolOperation<FileHandle>(this, {
      start: (done) =>
        fs.open(
          path,
          flags,
          permissions,
          made(done, (fd) => new NativeFile(this, fd, path)),
        ),
      now: () => new NativeFile(this, fs.openSync(path, flags, permissions), path),
      undo: (file) => file.close(),
    });
  }

  status(path: string, follow: boolean): Operation<FileStatus> {
    return new PoolOperation<FileStatus>(this, {
      start: (done) => (follow ? fs.stat(path, made(done, toStatus)) : fs.lstat(path, made(done, toStatus))),
      now: () => toStatus(follow ? fs.statSync(path) : fs.lstatSync(path)),
    });
  }

  openDirectory(path: string): Operation<DirectoryHandle> {
    const options = { bufferSize: FETCHED };
    return new PoolOperation<DirectoryHandle>(this, {
      start: (done) =>
        fs.opendir(
          path,
          options,
          made(done, (directory) => new NativeDirectory(this, directory, path)),
        ),
      now: () => new NativeDirectory(this, fs.opendirSync(path, options), path),
      undo: (directory) => directory.close(),
      // Which opendirSync forgets.
      path,
    });
  }

  listDirectory(path: string): Operation<readonly DirectoryEntry[]> {
    const options = { withFileTypes: true } as const;
    return new PoolOperation<readonly DirectoryEntry[]>(this, {
      start: (done) =>
        fs.readdir(
          path,
          options,
          made(done, (entries) => entries.map(toEntry)),
        ),
      now: () => fs.readdirSync(path, options).map(toEntry),
    });
  }

  makeDirectory(path: string, permissions: number): Operation<void> {
    return this.#act(
      (done) => fs.mkdir(path, permissions, done),
      () => fs.mkdirSync(path, permissions),
    );
  }

  removeDirectory(path: string): Operation<void> {
    return this.#act(
      (done) => fs.rmdir(path, done),
      () => fs.rmdirSync(path),
    );
  }

  unlink(path: string): Operation<void> {
    return this.#act(
      (done) => fs.unlink(path, done),
      () => fs.unlinkSync(path),
    );
  }

  rename(from: string, to: string): Operation<void> {
    return this.#act(
      (done) => fs.rename(from, to, done),
      () => fs.renameSync(from, to),
    );
  }

  link(from: string, to: string): Operation<void> {
    return this.#act(
      (done) => fs.link(from, to, done),
      () => fs.linkSync(from, to),
    );
  }

  symlink(target: string, path: string): Operation<void> {
    return this.#act(
      (done) => fs.symlink(target, path, done),
      () => fs.symlinkSync(target, path),
    );
  }

  readLink(path: string): Operation<string> {
    return new PoolOperation<string>(this, {
      start: (done) => fs.readlink(path, done),
      now: () => fs.readlinkSync(path),
    });
  }

  realPath(path: string): Operation<string> {
    return new PoolOperation<string>(this, {
      start: (done) => fs.realpath.native(path, done),
      now: () => fs.realpathSync.native(path),
    });
  }

  watch(path: string): WatchHandle {
    return new NativeWatch(this.#reactor, path);
  }

  #act(start: (done: fs.NoParamCallback) => void, now: () => unknown): Operation<void> {
    return new PoolOperation<void>(this, {
      start: (done) => start(done),
      now: () => void now(),
    });
  }
}

/** Hands on what `make` makes of a value. */
function made<V, T>(done: Callback<T>, make: (value: V) => T): Callback<V> {
  return (error, value) => (error === null ? done(null, make(value)) : done(error, undefined as never));
}

function toFlags(mode: OpenMode): number {
  let flags = mode.write ? (mode.read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if (mode.append) flags |= O_APPEND;
  if (mode.create) flags |= O_CREAT;
  if (mode.exclusive) flags |= O_EXCL;
  if (mode.truncate) flags |= O_TRUNC;
  if (mode.directory) flags |= O_DIRECTORY;
  // A terminal that is opened must not become the process's own; libuv adds O_CLOEXEC.
  return flags | O_NOCTTY;
}
