import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { assert as check, asyncProperty, array, constantFrom, integer, record, uint8Array } from 'fast-check';
import { blockOn, coroutine, join, race, run, sleep, spawn, timeout, yieldNow } from 'pawl';
import { BufferedReader, BufferedWriter, copy, readExact } from 'pawl/io';
import { cancelEverywhere } from '../../test/support/cancel-everywhere.ts';
import { both, decode, encode, folder } from '../../test/support/folder.ts';
import { failure } from '../../test/support/loopback.ts';
import { File } from './index.ts';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('a file', () => {
  both('is read and written at its place, and anywhere', function* (at) {
    using file = yield* File.open(`${at}/file`, 'w+');
    yield* file.writeAll(encode('hello world'));
    assert.equal(file.position, 11);
    yield* file.writeAt(encode('W'), 6);
    assert.equal(file.position, 11);
    file.position = 4;
    const target = new Uint8Array(20);
    assert.equal(yield* file.read(target), 7);
    assert.equal(decode(target.subarray(0, 7)), 'o World');
    assert.equal(yield* file.read(target), 0);
    assert.equal(yield* file.readAt(target, 9), 2);
    assert.equal(yield* file.readAt(target.subarray(0, 2), 0), 2);
    assert.equal(decode(target.subarray(0, 2)), 'he');
    assert.equal(yield* file.writeVectored([encode('a'), encode('bc')], 11), 3);
    const parts = [new Uint8Array(2), new Uint8Array(2)];
    assert.equal(yield* file.readVectored(parts, 10), 4);
    assert.deepEqual(parts.map(decode), ['da', 'bc']);
    yield* file.truncate(5);
    yield* file.dataSync();
    yield* file.sync();
    yield* file.setPermissions(0o600);
    const { size, permissions, type } = yield* file.stat();
    assert.deepEqual([size, permissions, type], [5, 0o600, 'file']);
    assert.equal(readFileSync(file.path, 'utf8'), 'hello');
  });

  both('of several megabytes is read to its end by one readAt', function* (at) {
    const bytes = new Uint8Array(3_000_000).map((_, i) => i % 251);
    using file = yield* File.open(`${at}/file`, 'w+');
    yield* file.writeAt(bytes, 0);
    const target = new Uint8Array(4_000_000);
    assert.equal(yield* file.readAt(target, 1), bytes.length - 1);
    assert.deepEqual(target.subarray(0, bytes.length - 1), bytes.subarray(1));
  });

  both('is a reader and a writer like any other', function* (at) {
    {
      using file = yield* File.open(`${at}/lines`, 'w');
      const writer = new BufferedWriter(file);
      for (let n = 0; n < 1000; n++) yield* writer.write(encode(`line ${n}\n`));
      yield* writer.shutdown();
    }
    using file = yield* File.open(`${at}/lines`);
    const reader = new BufferedReader(file);
    for (let n = 0; n < 500; n++) assert.equal(yield* reader.readLine(), `line ${n}`);
    using rest = yield* File.open(`${at}/rest`, 'w');
    yield* copy(reader, rest);
    assert.match(readFileSync(`${at}/rest`, 'utf8'), /^line 500\n[\s\S]*line 999\n$/);
    using again = yield* File.open(`${at}/rest`);
    const head = new Uint8Array(8);
    yield* readExact(again, head);
    assert.equal(decode(head), 'line 500');
  });

  both('is appended to at its end, whoever else appends', function* (at) {
    using one = yield* File.open(`${at}/log`, 'a');
    using two = yield* File.open(`${at}/log`, 'a');
    for (let n = 0; n < 5; n++) {
      yield* one.writeAll(encode('1'));
      yield* two.writeAll(encode('2'));
    }
    assert.equal(readFileSync(`${at}/log`, 'utf8'), '1212121212');
  });

  both('is opened as its flags say', function* (at) {
    const path = `${at}/file`;
    const code = (open: ReturnType<typeof File.open>): ReturnType<typeof failure> => failure(open);
    assert.equal((yield* code(File.open(path))).code, 'ENOENT');
    assert.equal((yield* code(File.open(path, 'r+'))).code, 'ENOENT');
    (yield* File.open(path, 'wx', { permissions: 0o640 })).close();
    assert.equal(statSync(path).mode & 0o777, 0o640 & ~process.umask());
    assert.equal((yield* code(File.open(path, 'wx'))).code, 'EEXIST');
    assert.equal((yield* code(File.open(path, 'ax'))).code, 'EEXIST');
    writeFileSync(path, 'abc');
    {
      using file = yield* File.open(path, 'r+');
      yield* file.writeAll(encode('X'));
    }
    assert.equal(readFileSync(path, 'utf8'), 'Xbc');
    using file = yield* File.open(pathToFileURL(path), 'a+');
    yield* file.writeAll(encode('d'));
    const target = new Uint8Array(4);
    assert.equal(yield* file.readAt(target, 0), 4);
    assert.equal(decode(target), 'Xbcd');
  });

  both('that is not open for it is neither read nor written', function* (at) {
    using writing = yield* File.open(`${at}/file`, 'w');
    for (const future of [writing.read(new Uint8Array(1)), writing.readAt(new Uint8Array(1), 0)]) {
      const error = yield* failure(future);
      assert.deepEqual([error.code, error.syscall, error.path], ['EBADF', 'read', `${at}/file`]);
    }
    using reading = yield* File.open(`${at}/file`);
    assert.equal((yield* failure(reading.write(encode('x')))).code, 'EBADF');
    assert.equal((yield* failure(reading.truncate())).code, 'EINVAL');
    using directory = yield* File.open(at);
    assert.equal((yield* failure(directory.read(new Uint8Array(1)))).code, 'EISDIR');
  });

  both('that has no places is read where it is', function* () {
    using zero = yield* File.open('/dev/zero');
    const target = new Uint8Array(4).fill(1);
    assert.equal(yield* zero.read(target), 4);
    assert.deepEqual([...target], [0, 0, 0, 0]);
    using status = yield* File.open('/proc/self/status');
    const text = new Uint8Array(5);
    assert.equal(yield* status.read(text), 5);
    assert.equal(decode(text), 'Name:');
    using full = yield* File.open('/dev/full', 'w');
    const error = yield* failure(full.write(encode('x')));
    assert.deepEqual([error.code, error.syscall, error.path], ['ENOSPC', 'write', '/dev/full']);
  });

  it('that is a pipe has no places, and is read as its bytes come', async () => {
    const path = `${folder()}/pipe`;
    execFileSync('mkfifo', [path]);
    await run(function* () {
      const [writer, reader] = yield* join([File.open(path, 'w'), File.open(path)]);
      using _writer = writer;
      using _reader = reader;
      const target = new Uint8Array(10);
      const [, count] = yield* join([writer.writeAll(encode('ab')), reader.read(target)]);
      assert.equal(count, 2);
      yield* writer.writeAll(encode('c'));
      assert.equal(yield* reader.read(target), 1);
      assert.equal((yield* failure(reader.readAt(target, 0))).code, 'ESPIPE');
      writer.close();
      assert.equal(yield* reader.read(target), 0);
    });
  });

  both('that is closed is used no more', function* (at) {
    const file = yield* File.open(`${at}/file`, 'w+');
    file.close();
    file.close();
    assert.equal(file.closed, true);
    for (const future of [
      file.read(new Uint8Array(1)),
      file.write(new Uint8Array(1)),
      file.readAt(new Uint8Array(1), 0),
      file.writeAt(new Uint8Array(1), 0),
      file.sync(),
      file.stat(),
      file.truncate(),
      file.lock(),
      file.map(),
    ]) {
      const error = yield* failure(future);
      assert.deepEqual([error.code, error.path], ['CLOSED', `${at}/file`]);
    }
    assert.throws(() => file.tryLock(), { code: 'CLOSED' });
  });

  it('is used at its place by one task at a time, and anywhere by any number', async () => {
    await run(function* () {
      using file = yield* File.open(`${folder()}/file`, 'w+');
      const writing = spawn(file.write(new Uint8Array(100_000)));
      yield* yieldNow();
      assert.equal((yield* failure(file.write(encode('x')))).code, 'BUSY');
      assert.equal((yield* failure(file.read(new Uint8Array(1)))).code, 'BUSY');
      assert.throws(() => (file.position = 0), { code: 'BUSY' });
      assert.equal(yield* writing, 100_000);
      const targets = Array.from({ length: 20 }, () => new Uint8Array(10));
      const counts = yield* join(targets.map((target, i) => file.readAt(target, i * 10)));
      assert.deepEqual(new Set(counts), new Set([10]));
    });
  });

  it('refuses what makes no sense', () => {
    const refused = (call: () => unknown): void => assert.throws(call, { code: 'BAD_ARGUMENT' });
    for (const path of ['', 'a\0b', 3, null, undefined, {}, new URL('http://localhost/')])
      refused(() => File.open(path as never));
    for (const flags of ['', 'rx', 'rw', 'x', 'w++', 'r+ ', 3]) refused(() => File.open('/tmp/x', flags as never));
    for (const permissions of [-1, 0o10000, 1.5, NaN, '644'])
      refused(() => File.open('/tmp/x', 'w', { permissions: permissions as never }));
    blockOn(function* () {
      using file = yield* File.open('/dev/null', 'r+');
      refused(() => file.read('x' as never));
      refused(() => file.write('x' as never));
      for (const wrong of [-1, 1.5, NaN, 2 ** 53, '1']) {
        refused(() => file.readAt(new Uint8Array(1), wrong as never));
        refused(() => file.writeAt(new Uint8Array(1), wrong as never));
        refused(() => file.readVectored([], wrong as never));
        refused(() => file.writeVectored([], wrong as never));
        refused(() => file.truncate(wrong as never));
        refused(() => file.map({ offset: wrong as never }));
        refused(() => (file.position = wrong as never));
      }
      refused(() => file.lock('both' as never));
      refused(() => file.tryLock('both' as never));
    });
  });

  it('whose memory goes away under an operation says so, or has kept it', async () => {
    await run(function* () {
      using file = yield* File.open(`${folder()}/file`, 'w+');
      const bytes = encode('abc') as Uint8Array<ArrayBuffer>;
      const writing = file.writeAt(bytes, 0);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      assert.equal((yield* failure(writing)).code, 'BAD_ARGUMENT');
    });
  });

  it('one of whose buffers goes away before it is used says so', async () => {
    await run(function* () {
      using file = yield* File.open(`${folder()}/file`, 'w+');
      for (const begin of [file.readVectored.bind(file), file.writeVectored.bind(file)]) {
        const bytes = encode('abc') as Uint8Array<ArrayBuffer>;
        const operation = begin([encode('x'), bytes], 0);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        assert.equal((yield* failure(operation)).code, 'BAD_ARGUMENT');
        assert.throws(() => begin(bytes as never, 0), { code: 'BAD_ARGUMENT' });
        assert.throws(() => begin(['abc' as never], 0), { code: 'BAD_ARGUMENT' });
      }
      const buffers = [encode('one')];
      const writing = file.writeVectored(buffers, 0);
      buffers.push(encode('two'));
      assert.equal(yield* writing, 3);
    });
  });

  both('takes and gives more than the system moves at once', function* (at) {
    // Memory that nobody touches takes no room.
    const bytes = new Uint8Array(2 ** 32);
    using nothing = yield* File.open('/dev/null', 'r+');
    yield* nothing.writeAt(bytes, 0);
    yield* nothing.writeAll(bytes);
    // Nothing of it is in memory: the pool reads it.
    using status = yield* File.open('/proc/self/status');
    assert.ok((yield* status.read(bytes)) > 100);
    writeFileSync(`${at}/file`, 'abc');
    using file = yield* File.open(`${at}/file`);
    assert.equal(yield* file.readAt(bytes, 0), 3);
  });

  both('has places beyond four gigabytes', function* (at) {
    using file = yield* File.open(`${at}/file`, 'w+');
    for (const place of [2 ** 31 - 1, 2 ** 32 - 1, 2 ** 40]) {
      yield* file.writeAt(encode('abc'), place);
      const target = new Uint8Array(4);
      assert.equal(yield* file.readAt(target, place), 3);
      assert.equal(decode(target.subarray(0, 3)), 'abc');
      assert.equal((yield* file.stat()).size, place + 3);
      file.position = place;
      assert.equal(yield* file.read(target), 3);
      assert.equal(yield* file.readVectored([target.subarray(0, 1), target.subarray(1)], place), 3);
      using mapped = yield* file.map({ offset: place });
      assert.equal(decode(mapped.slice()), 'abc');
    }
  });

  it('reads at a place what was written there, whatever the order', async () => {
    const step = record({
      at: integer({ min: 0, max: 200 }),
      bytes: uint8Array({ minLength: 1, maxLength: 60 }),
      kind: constantFrom('write', 'read', 'cut'),
    });
    await check(
      asyncProperty(array(step, { maxLength: 20 }), async (steps) => {
        await run(function* () {
          using file = yield* File.open(`${folder()}/file`, 'w+');
          let model = new Uint8Array(0);
          for (const { at, bytes, kind } of steps) {
            if (kind === 'write') {
              const next = new Uint8Array(Math.max(model.length, at + bytes.length));
              next.set(model);
              next.set(bytes, at);
              model = next;
              yield* file.writeAt(bytes, at);
            } else if (kind === 'cut') {
              const next = new Uint8Array(at);
              next.set(model.subarray(0, at));
              model = next;
              yield* file.truncate(at);
            } else {
              const target = new Uint8Array(bytes.length);
              const count = yield* file.readAt(target, at);
              assert.deepEqual(target.subarray(0, count), model.slice(at, at + bytes.length));
            }
          }
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('a cancelled operation on a file', () => {
  it('has let go, and leaves the place where it was', async () => {
    await run(function* () {
      using file = yield* File.open(`${folder()}/file`, 'w+');
      yield* race<unknown>([file.write(encode('lost')), yieldNow()]);
      assert.equal(file.position, 0);
      yield* file.writeAll(encode('kept'));
      file.position = 0;
      const target = new Uint8Array(10);
      for (let n = 0; n < 10; n++) yield* race<unknown>([file.read(target), yieldNow()]);
      file.position = 0;
      assert.equal(yield* file.read(target), 4);
      assert.equal(decode(target.subarray(0, 4)), 'kept');
    });
  });

  it('leaves no descriptor, wherever it is cancelled', async () => {
    const at = folder();
    const suspensions = await cancelEverywhere(function* (watch) {
      const work = coroutine(function* (name: string) {
        using file = yield* File.open(`${at}/${name}`, 'w+');
        yield* file.writeAll(encode('something'));
        yield* file.sync();
        yield* file.readAt(new Uint8Array(4), 2);
        yield* file.truncate(3);
        yield* file.stat();
        yield* file.lock();
      });
      yield* join([watch(work('a')), watch(work('b'))]);
    });
    assert.ok(suspensions > 8, `${suspensions}`);
  });

  it('of a pipe without another end waits for that, and closes what came too late', async () => {
    const path = `${folder()}/pipe`;
    execFileSync('mkfifo', [path]);
    const before = descriptors();
    await run(function* () {
      const opening = spawn(failure(timeout(5, File.open(path))));
      // The timeout is over, and waits: the thread that opens the pipe cannot be called back.
      yield* sleep(20);
      assert.equal(opening.finished, false);
      using _other = yield* File.open(path, 'w');
      assert.equal((yield* opening).code, 'TIMEOUT');
    });
    assert.equal(descriptors(), before);
  });
});

describe('a lock', () => {
  both('is had by one, and let go', function* (at) {
    using one = yield* File.open(`${at}/lock`, 'a');
    using two = yield* File.open(`${at}/lock`, 'a');
    {
      using held = yield* one.lock();
      assert.equal(held.kind, 'exclusive');
      assert.equal(two.tryLock(), null);
      assert.equal(two.tryLock('shared'), null);
      const error = yield* failure(timeout(3, two.lock()));
      assert.equal(error.code, 'TIMEOUT');
    }
    using shared = yield* two.lock('shared');
    using also = one.tryLock('shared');
    assert.notEqual(also, null);
    shared.unlock();
    shared.unlock();
    one.close();
    assert.notEqual(two.tryLock(), null);
  });

  both('is given to who waits', function* (at) {
    using one = yield* File.open(`${at}/lock`, 'a');
    using two = yield* File.open(`${at}/lock`, 'a');
    const held = yield* one.lock();
    const waiting = spawn(two.lock());
    yield* yieldNow();
    held.unlock();
    (yield* waiting).unlock();
  });
});

describe('a mapped file', () => {
  both('is looked at without an operation, also when the file is closed', function* (at) {
    const file = yield* File.open(`${at}/file`, 'w+');
    yield* file.writeAt(
      new Uint8Array(100_000).map((_, i) => i % 251),
      0,
    );
    using mapped = yield* file.map({ offset: 70_000, length: 10 });
    using whole = yield* file.map();
    file.close();
    assert.equal(mapped.length, 10);
    assert.equal(whole.length, 100_000);
    assert.equal(mapped.slice(0, 1)[0], 70_000 % 251);
    assert.deepEqual(mapped.slice(2), whole.slice(70_002, 70_010));
    assert.equal(whole.slice(99_999, 200_000).length, 1);
    const target = new Uint8Array(4);
    assert.equal(whole.read(target, 99_998), 2);
    assert.throws(() => whole.slice(2, 1), { code: 'BAD_ARGUMENT' });
    assert.throws(() => whole.read(target, -1), { code: 'BAD_ARGUMENT' });
    mapped.close();
    assert.throws(() => mapped.slice(), { code: 'CLOSED' });
  });

  both('that has become shorter says so, and the process lives', function* (at) {
    using file = yield* File.open(`${at}/file`, 'w+');
    yield* file.writeAll(new Uint8Array(300_000).fill(7));
    using mapped = yield* file.map();
    yield* file.truncate(1);
    for (const look of [() => mapped.slice(), () => mapped.slice(200_000, 200_001)]) {
      assert.throws(look, { code: 'EFAULT', path: `${at}/file` });
    }
    assert.deepEqual(mapped.slice(0, 1), Uint8Array.of(7));
    yield* file.writeAt(new Uint8Array(300_000).fill(8), 0);
    assert.deepEqual(mapped.slice(), new Uint8Array(300_000).fill(8));
  });

  both('is none of no bytes', function* (at) {
    using file = yield* File.open(`${at}/empty`, 'w+');
    const error = yield* failure(file.map());
    assert.deepEqual([error.code, error.syscall], ['EINVAL', 'mmap']);
  });
});

it('a link is followed, and a path that leads nowhere is told', async () => {
  const at = folder();
  symlinkSync('nowhere', `${at}/link`);
  symlinkSync('loop', `${at}/loop`);
  await run(function* () {
    assert.equal((yield* failure(File.open(`${at}/link`))).code, 'ENOENT');
    assert.equal((yield* failure(File.open(`${at}/loop`))).code, 'ELOOP');
    assert.equal((yield* failure(File.open(`${at}/${'n'.repeat(300)}`, 'w'))).code, 'ENAMETOOLONG');
    assert.equal((yield* failure(File.open('/proc/self/status/x'))).code, 'ENOTDIR');
  });
});
