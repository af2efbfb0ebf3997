import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import { array, assert as assertLaw, asyncProperty, integer } from 'fast-check';
import { blockOn, coroutine, dumpAll, join, PawlError, race, run, sleep, spawn, yieldNow } from 'pawl';
import { BufferedReader } from 'pawl/io';
import { bytes, failure, text } from '../../test/support/loopback.ts';
import { folder } from '../../test/support/folder.ts';
import { Command, makeFifo, openFifoReader, openFifoWriter, pipe, type PipeReader, signals } from './index.ts';

const readAll = coroutine(function* (reader: PipeReader) {
  const pieces: number[] = [];
  const buffer = new Uint8Array(70_000);
  for (let count = 0; (count = yield* reader.read(buffer)) > 0;) pieces.push(...buffer.subarray(0, count));
  return Uint8Array.from(pieces);
});

describe('a pipe', () => {
  it('gives what was written, and its end, also without Node’s loop', () => {
    blockOn(function* () {
      const [reader, writer] = yield* pipe();
      yield* writer.writeAll(bytes('hello'));
      yield* writer.writeVectored([bytes(', '), new Uint8Array(), bytes('world')]);
      yield* writer.shutdown();
      assert.equal(writer.closed, true);
      assert.equal(text(yield* readAll(reader)), 'hello, world');
      assert.equal(yield* reader.read(new Uint8Array(1)), 0);
      reader.close();
    });
  });

  it('gives what was written, however it is cut', async () => {
    const cuts = array(integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 30 });
    await assertLaw(
      asyncProperty(cuts, cuts, async (writes, reads) => {
        const data = writes.map((length, index) => new Uint8Array(length).map((_, i) => index + i * 3));
        await run(function* () {
          const [reader, writer] = yield* pipe();
          const writing = coroutine(function* () {
            for (const piece of data) yield* writer.writeAll(piece);
            writer.close();
          });
          const reading = coroutine(function* () {
            const pieces: Uint8Array[] = [];
            for (let i = 0; ; i++) {
              const target = new Uint8Array(reads[i % reads.length]!);
              const count = yield* reader.read(target);
              if (count === 0) return Buffer.concat(pieces);
              pieces.push(target.subarray(0, count));
            }
          });
          const [got] = yield* join([reading(), writing()]);
          assert.ok(got.equals(Buffer.concat(data)));
          reader.close();
        });
      }),
      { numRuns: 20 },
    );
  });

  it('holds back a writer that is faster than the reader, and loses nothing', async () => {
    const data = new Uint8Array(500_000).map((_, i) => i * 7);
    await run(function* () {
      const [reader, writer] = yield* pipe();
      const writing = coroutine(function* () {
        yield* writer.writeAll(data);
        writer.close();
      });
      const [got] = yield* join([readAll(reader), writing()]);
      assert.deepEqual(got, data);
      reader.close();
    });
  });

  it('fails a write with EPIPE when nobody reads, and the process goes on', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      reader.close();
      assert.equal((yield* failure(writer.write(bytes('x')))).code, 'EPIPE');
      writer.close();
    });
  });

  it('fails a write that waits when the reader goes', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      const leaving = coroutine(function* () {
        yield* sleep(1);
        reader.close();
      });
      const [error] = yield* join([failure(writer.writeAll(new Uint8Array(1_000_000))), leaving()]);
      assert.equal(error.code, 'EPIPE');
      writer.close();
    });
  });

  it('does not end the process by SIGPIPE after somebody has listened to that', async () => {
    await run(function* () {
      const listening = yield* signals('SIGPIPE');
      yield* listening.close();
      const [reader, writer] = yield* pipe();
      reader.close();
      assert.equal((yield* failure(writer.write(bytes('x')))).code, 'EPIPE');
      writer.close();
    });
  });

  it('keeps the bytes of a read that was cancelled', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      const buffer = new Uint8Array(8);
      yield* race([reader.read(buffer), yieldNow()]);
      yield* writer.writeAll(bytes('kept'));
      assert.equal(yield* reader.read(buffer), 4);
      reader.close();
      writer.close();
    });
  });

  it('writes up to 4096 bytes together, or waits', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      const line = new Uint8Array(4096);
      let count = 0;
      // Until it is full: a write that waits has written nothing.
      for (;;) {
        const wrote = yield* race([writer.write(line), sleep(5)]);
        if (wrote === undefined) break;
        assert.equal(wrote, 4096);
        count++;
      }
      writer.close();
      assert.equal((yield* readAll(reader)).length, count * 4096);
      reader.close();
    });
  });

  it('refuses a second user of an end, and the use of a closed one', async () => {
    await run(function* () {
      const [reader, writer] = yield* pipe();
      const buffer = new Uint8Array(1);
      const first = spawn(reader.read(buffer), { name: 'first' });
      yield* yieldNow();
      const busy = yield* failure(reader.read(buffer));
      assert.deepEqual([busy.code, /this pipe/.test(busy.message)], ['BUSY', true]);
      assert.match(dumpAll(), /read from a pipe/);
      reader.close();
      assert.equal((yield* failure(first)).code, 'CLOSED');
      writer.close();
      assert.equal((yield* failure(writer.write(buffer))).code, 'CLOSED');
      assert.equal((yield* failure(reader.read(buffer))).code, 'CLOSED');
    }).catch((error: unknown) => assert.equal((error as PawlError).code, 'CLOSED'));
  });

  it('reports that no descriptor is left, and loses none', async () => {
    const { status, text: said } = await new Command('sh', [
      '-c',
      'ulimit -n 40; exec "$@"',
      'sh',
      process.execPath,
      '--conditions=pawl-source',
      '--disable-warning=ExperimentalWarning',
      joinPath(import.meta.dirname, '../../test/programs/pipes-until-full.ts'),
    ]).output();
    assert.deepEqual([said, status.code], ['EMFILE true\n', 0]);
  });
});

describe('a FIFO', () => {
  it('waits for its writer, comes to its end, and begins anew', async () => {
    const path = joinPath(folder(), 'fifo');
    await run(function* () {
      yield* makeFifo(path);
      using reader = yield* openFifoReader(path);
      const buffer = new Uint8Array(16);
      assert.equal(yield* race([reader.read(buffer), sleep(5)]), undefined);
      for (const word of ['first', 'second']) {
        const writer = yield* openFifoWriter(path);
        yield* writer.writeAll(bytes(word));
        writer.close();
        assert.equal(text(buffer.subarray(0, yield* reader.read(buffer))), word);
        assert.equal(yield* reader.read(buffer), 0);
        assert.equal(yield* reader.read(buffer), 0);
      }
    });
  });

  it('has no end for a reader who wants none', async () => {
    const path = joinPath(folder(), 'fifo');
    await run(function* () {
      yield* makeFifo(path);
      using reader = yield* openFifoReader(path, { endless: true });
      const buffer = new Uint8Array(16);
      for (const word of ['first', 'second']) {
        const writer = yield* openFifoWriter(path, { wait: false });
        yield* writer.writeAll(bytes(word));
        writer.close();
        assert.equal(text(buffer.subarray(0, yield* reader.read(buffer))), word);
        assert.equal(yield* race([reader.read(buffer), sleep(5)]), undefined);
      }
    });
  });

  it('waits for its reader without a thread, or says that there is none', async () => {
    const path = joinPath(folder(), 'fifo');
    await run(function* () {
      yield* makeFifo(path, 0o644);
      const none = yield* failure(openFifoWriter(path, { wait: false }));
      assert.deepEqual([none.code, none.path], ['ENXIO', path]);
      const writing = coroutine(function* () {
        const writer = yield* openFifoWriter(path);
        yield* writer.writeAll(bytes('at last'));
        writer.close();
      });
      const reading = coroutine(function* () {
        yield* sleep(10);
        const { text: said } = yield* new Command('cat', [path]).output();
        return said;
      });
      assert.deepEqual(yield* join([writing(), reading()]), [undefined, 'at last']);
    });
  });

  it('takes whole lines of several writers', async () => {
    const path = joinPath(folder(), 'fifo');
    await run(function* () {
      yield* makeFifo(path);
      using reader = yield* openFifoReader(path);
      const writing = coroutine(function* (letter: string) {
        using writer = yield* openFifoWriter(path);
        const line = bytes(`${letter.repeat(3000)}\n`);
        for (let i = 0; i < 40; i++) yield* writer.writeAll(line);
      });
      const lines = new BufferedReader(reader);
      const reading = coroutine(function* () {
        const counts: Record<string, number> = {};
        for (let i = 0; i < 120; i++) {
          const line = yield* lines.readLine();
          assert.ok(line !== null && line === line[0]!.repeat(3000));
          counts[line[0]!] = (counts[line[0]!] ?? 0) + 1;
        }
        return counts;
      });
      const [counts] = yield* join([reading(), writing('a'), writing('b'), writing('c')]);
      assert.deepEqual(counts, { a: 40, b: 40, c: 40 });
    });
  });

  it('refuses what is none', async () => {
    const at = folder();
    writeFileSync(`${at}/file`, '');
    const code = async (
      future: ReturnType<typeof openFifoReader> | ReturnType<typeof openFifoWriter>,
    ): Promise<unknown> => (await failure(future)).code;
    assert.equal(await code(openFifoReader(`${at}/file`)), 'BAD_ARGUMENT');
    assert.equal(await code(openFifoWriter(`${at}/file`)), 'BAD_ARGUMENT');
    assert.equal(await code(openFifoReader(`${at}/none`)), 'ENOENT');
    assert.equal((await failure(makeFifo(`${at}/file`))).code, 'EEXIST');
    assert.equal((await failure(makeFifo(`${at}/${'x'.repeat(300)}`))).code, 'ENAMETOOLONG');
    assert.throws(() => openFifoReader(''), { code: 'BAD_ARGUMENT' });
    assert.throws(() => makeFifo('a', -1), { code: 'BAD_ARGUMENT' });
  });
});
