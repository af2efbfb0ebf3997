/** What the files of every driver must do: one body, run against each driver and each of its ways of running. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from '../../src/driver/driver.ts';
import type { FileHandle, Operation, OpenMode } from '../../src/driver/files.ts';
import { PENDING } from '../../src/future/poll.ts';
import { failure, HandContext, type Job, JobClient, until } from './jobs.ts';

/** How a driver is had, how jobs are run on it, and a directory in which nothing is. */
export interface FileWorld {
  readonly driver: () => Driver;
  readonly run: (client: JobClient, jobs: Job<unknown>[]) => void | Promise<void>;
  readonly folder: () => string;
}

const READ: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  permissions: 0o666,
  exclusive: false,
  truncate: false,
  directory: false,
};
const MAKE: OpenMode = { ...READ, write: true, create: true };

/** Waits for an operation, in a job. */
function* done<T>(operation: Operation<T>): Job<T> {
  return yield* until((cx) => operation.poll(cx));
}

export function fileConformance(name: string, world: FileWorld): void {
  const check = (title: string, body: (driver: Driver, folder: string) => Job<unknown>): void =>
    void test(`${name}: ${title}`, async () => {
      const driver = world.driver();
      const before = driver.metrics;
      await world.run(new JobClient(driver), [body(driver, world.folder())]);
      const after = driver.metrics;
      assert.deepEqual(
        [after.descriptors, after.waiting, driver.files.pending],
        [before.descriptors, before.waiting, 0],
      );
    });

  /** A test over one open file. */
  const file = (title: string, body: (file: FileHandle, driver: Driver) => Job<unknown>): void =>
    check(title, function* (driver, folder) {
      const handle = yield* done(driver.files.open(`${folder}/file`, MAKE));
      try {
        yield* body(handle, driver);
      } finally {
        handle.close();
      }
    });

  file('what is written at a place is read there', function* (handle) {
    assert.equal(yield* done(handle.write(text('hello, world'), 0)), 12);
    assert.equal(yield* done(handle.write(text('W'), 7)), 1);
    const target = new Uint8Array(20);
    assert.equal(yield* done(handle.read(target, 7)), 5);
    assert.equal(string(target.subarray(0, 5)), 'World');
    assert.equal(yield* done(handle.read(target, 12)), 0);
    assert.equal(yield* done(handle.read(target, 1000)), 0);
  });

  file('several buffers are written and read in one operation', function* (handle) {
    assert.equal(yield* done(handle.writeVectored([text('ab'), text(''), text('cde')], 0)), 5);
    const [first, second] = [new Uint8Array(1), new Uint8Array(10)];
    assert.equal(yield* done(handle.readVectored([first, second], 1)), 4);
    assert.equal(string(first) + string(second.subarray(0, 3)), 'bcde');
  });

  file('a file is cut and grown', function* (handle) {
    yield* done(handle.write(text('0123456789'), 0));
    yield* done(handle.truncate(4));
    assert.equal((yield* done(handle.status())).size, 4);
    yield* done(handle.truncate(6));
    const target = new Uint8Array(10);
    assert.equal(yield* done(handle.read(target, 0)), 6);
    assert.deepEqual([...target.subarray(0, 6)], [...text('0123'), 0, 0]);
  });

  file('it is synced, its status told, its permissions set', function* (handle, driver) {
    yield* done(handle.write(text('x'), 0));
    yield* done(handle.sync(false));
    yield* done(handle.sync(true));
    yield* done(handle.setPermissions(0o640));
    const status = yield* done(handle.status());
    assert.deepEqual([status.type, status.size, status.permissions, status.links], ['file', 1, 0o640, 1]);
    assert.deepEqual(yield* done(driver.files.status(handle.path, true)), status);
  });

  file('what is appended goes to the end', function* (handle, driver) {
    yield* done(handle.write(text('abc'), 0));
    const appending = yield* done(driver.files.open(handle.path, { ...READ, read: false, write: true, append: true }));
    yield* done(appending.write(text('d'), 0));
    appending.close();
    assert.equal((yield* done(handle.status())).size, 4);
  });

  file('a lock excludes another open file until it is let go', function* (handle, driver) {
    const other = yield* done(driver.files.open(handle.path, MAKE));
    assert.equal(handle.tryLock('exclusive'), true);
    assert.equal(other.tryLock('shared'), false);
    handle.unlock();
    assert.equal(other.tryLock('shared'), true);
    assert.equal(handle.tryLock('shared'), true);
    assert.equal(handle.tryLock('exclusive'), false);
    other.close();
    assert.equal(handle.tryLock('exclusive'), true);
  });

  file('a file is mapped, from any place', function* (handle) {
    yield* done(handle.write(new Uint8Array(200_000).fill(7), 0));
    yield* done(handle.write(text('here'), 150_001));
    const mapping = handle.map(150_000, 1000);
    const target = new Uint8Array(5);
    assert.equal(mapping.read(target, 1), 5);
    assert.equal(string(target.subarray(0, 4)), 'here');
    assert.equal(mapping.read(target, 998), 2);
    assert.equal(mapping.read(target, 1000), 0);
    mapping.close();
    mapping.close();
    assert.throws(() => mapping.read(target, 0), { code: 'CLOSED' });
  });

  file('an operation that was not begun does nothing when it is cancelled', function* (handle, driver) {
    const operation = handle.write(text('never'), 0);
    assert.equal(operation.cancel(new HandContext(driver)), undefined);
    assert.equal((yield* done(handle.status())).size, 0);
  });

  file('cancelling waits until the memory is free', function* (handle, driver) {
    const cx = new HandContext(driver);
    const operation = handle.write(text('done or not'), 0);
    const first = operation.poll(cx);
    if (first === PENDING) {
      yield* until((cx) => operation.cancel(cx));
      assert.equal(driver.files.pending, 0);
    } else assert.equal(first, 11);
  });

  file('closing waits for what is under way', function* (handle, driver) {
    const operation = handle.write(text('still written'), 0);
    const first = operation.poll(new HandContext(driver));
    handle.close();
    assert.equal(handle.closed, true);
    if (first === PENDING) assert.equal(yield* done(operation), 13);
    assert.equal((yield* done(driver.files.status(handle.path, true))).size, 13);
    const error = yield* failure((cx) => handle.read(new Uint8Array(1), 0).poll(cx));
    assert.equal((error as { code: string }).code, 'CLOSED');
  });

  check('a file that was opened for nobody is closed', function* (driver, folder) {
    const operation = driver.files.open(`${folder}/file`, MAKE);
    const first = operation.poll(new HandContext(driver));
    if (first === PENDING) yield* until((cx) => operation.cancel(cx));
    else first.close();
    // It is there, and nobody holds it.
    yield* done(driver.files.unlink(`${folder}/file`));
  });

  check('errors tell what and where', function* (driver, folder) {
    const { files } = driver;
    const fails = function* (operation: () => Operation<unknown>, code: string, syscall: string, path: string): Job {
      const begun = operation();
      const error = (yield* failure((cx) => begun.poll(cx))) as Record<string, unknown> & Error;
      assert.deepEqual([error['code'], error['syscall'], error['path']], [code, syscall, path]);
      assert.ok((error['errno'] as number) < 0);
      assert.ok(
        error.message.startsWith(`${code}: `) && error.message.includes(`, ${syscall} '${path}'`),
        error.message,
      );
    };
    const [absent, present] = [`${folder}/absent`, `${folder}/present`];
    (yield* done(files.open(present, MAKE))).close();
    yield* fails(() => files.open(absent, READ), 'ENOENT', 'open', absent);
    yield* fails(() => files.open(present, { ...MAKE, exclusive: true }), 'EEXIST', 'open', present);
    yield* fails(() => files.open(folder, MAKE), 'EISDIR', 'open', folder);
    yield* fails(() => files.open(present, { ...READ, directory: true }), 'ENOTDIR', 'open', present);
    yield* fails(() => files.status(absent, true), 'ENOENT', 'stat', absent);
    yield* fails(() => files.status(absent, false), 'ENOENT', 'lstat', absent);
    yield* fails(() => files.unlink(absent), 'ENOENT', 'unlink', absent);
    yield* fails(() => files.makeDirectory(present, 0o777), 'EEXIST', 'mkdir', present);
    yield* fails(() => files.removeDirectory(folder), 'ENOTEMPTY', 'rmdir', folder);
    yield* fails(() => files.rename(absent, present), 'ENOENT', 'rename', absent);
    yield* fails(() => files.openDirectory(absent), 'ENOENT', 'opendir', absent);
    yield* fails(() => files.listDirectory(absent), 'ENOENT', 'scandir', absent);
    yield* fails(() => files.listDirectory(present), 'ENOTDIR', 'scandir', present);
    yield* fails(() => files.readLink(present), 'EINVAL', 'readlink', present);
    assert.throws(() => files.watch(absent), { code: 'ENOENT', path: absent });
    const reading = yield* done(files.open(present, READ));
    yield* fails(() => reading.write(text('x'), 0), 'EBADF', 'write', present);
    reading.close();
  });

  check('names are made, moved and removed', function* (driver, folder) {
    const { files } = driver;
    const at = (name: string): string => `${folder}/${name}`;
    (yield* done(files.open(at('a'), MAKE))).close();
    yield* done(files.link(at('a'), at('b')));
    assert.equal((yield* done(files.status(at('a'), true))).links, 2);
    yield* done(files.symlink('a', at('c')));
    assert.equal(yield* done(files.readLink(at('c'))), 'a');
    assert.equal((yield* done(files.status(at('c'), false))).type, 'symlink');
    assert.equal((yield* done(files.status(at('c'), true))).type, 'file');
    assert.ok((yield* done(files.realPath(at('c')))).endsWith('/a'));
    yield* done(files.rename(at('a'), at('b2')));
    yield* done(files.makeDirectory(at('d'), 0o700));
    assert.equal((yield* done(files.status(at('d'), true))).permissions, 0o700);
    const directory = yield* done(files.openDirectory(folder));
    const found: string[] = [];
    for (;;) {
      const entries = yield* done(directory.next());
      if (entries.length === 0) break;
      for (const entry of entries) found.push(`${entry.name} ${entry.type}`);
    }
    assert.equal((yield* done(directory.next())).length, 0);
    directory.close();
    directory.close();
    const listed = yield* done(files.listDirectory(folder));
    assert.deepEqual(
      listed.map((entry) => `${entry.name} ${entry.type}`),
      found,
    );
    assert.deepEqual(found.toSorted(), ['b file', 'b2 file', 'c symlink', 'd directory']);
    for (const each of ['b', 'b2', 'c']) yield* done(files.unlink(at(each)));
    yield* done(files.removeDirectory(at('d')));
    const root = yield* done(files.open(folder, { ...READ, directory: true }));
    yield* done(root.sync(true));
    root.close();
  });

  check('a watch tells what happens, in order, and its end', function* (driver, folder) {
    const { files } = driver;
    const inner = `${folder}/inner`;
    yield* done(files.makeDirectory(inner, 0o777));
    const watch = files.watch(inner);
    const cx = new HandContext(driver);
    assert.equal(watch.pollEvents(cx), PENDING);
    const handle = yield* done(files.open(`${inner}/x`, MAKE));
    yield* done(handle.write(text('x'), 0));
    handle.close();
    yield* done(files.rename(`${inner}/x`, `${inner}/y`));
    yield* done(files.unlink(`${inner}/y`));
    yield* done(files.removeDirectory(inner));
    const seen: string[] = [];
    let cookies = new Set<number | undefined>();
    while (seen.at(-1) !== 'gone') {
      for (const { kind, name: entry, cookie } of yield* until((cx) => watch.pollEvents(cx))) {
        seen.push(entry === undefined ? kind : `${kind} ${entry}`);
        if (kind.startsWith('moved')) cookies = cookies.add(cookie);
      }
    }
    assert.deepEqual(seen, [
      'created x',
      'modified x',
      'closed-write x',
      'moved-from x',
      'moved-to y',
      'removed y',
      'gone',
    ]);
    assert.ok(cookies.size === 1 && !cookies.has(undefined));
    assert.ok(cx.woken > 0);
    watch.close();
    assert.throws(() => watch.pollEvents(cx), { code: 'CLOSED' });
  });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const string = (value: Uint8Array): string => new TextDecoder().decode(value);
