/**
 * Operations on files, sockets, processes and threads, by one table: cancelled wherever they wait, no descriptor, task, timer, thread, child,
 * zombie or temporary file is left. Those with more to check have their tests beside their code.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { coroutine, join, run, shield, type Steps, spawn, yieldNow } from 'pawl';
import { copyFile, File, listDir, makeDir, readDir, readText, remove, walk, watch, writeFile } from 'pawl/fs';
import { UdpSocket, UnixDatagram, UnixStream } from 'pawl/net';
import { Command } from 'pawl/process';
import { BlockingPool, byteChannel, spawnOn, threadBroadcast, threadOneshot, withThreads } from 'pawl/threads';
import { cancelEverywhere, type Watch } from './support/cancel-everywhere.ts';
import { children } from './support/children.ts';
import { encode, folder, names } from './support/folder.ts';

const jobs = new URL('./support/thread-jobs.ts', import.meta.url);
const tasks = new URL('./support/thread-tasks.ts', import.meta.url);

/** `at` is a directory of its own, empty before each run. */
type Operation = (watch: Watch, at: string) => Steps<unknown>;

const operations: Record<string, Operation> = {
  'vectored and positioned reads and writes': function* (_, at) {
    using file = yield* File.open(`${at}/file`, 'w+');
    yield* file.writeVectored([encode('ab'), encode('cd')], 0);
    yield* file.writeAt(encode('x'), 1);
    yield* file.readVectored([new Uint8Array(2), new Uint8Array(2)], 0);
    yield* file.readAt(new Uint8Array(4), 0);
    yield* file.dataSync();
    yield* file.truncate(1);
    yield* file.setPermissions(0o600);
  },
  'a mapping': function* (_, at) {
    yield* writeFile(`${at}/file`, 'text');
    using file = yield* File.open(`${at}/file`);
    using mapped = yield* file.map();
    yield* yieldNow();
    assert.equal(mapped.length, 4);
  },
  'a lock that is waited for': function* (watched, at) {
    using first = yield* File.open(`${at}/file`, 'w');
    using second = yield* File.open(`${at}/file`, 'w');
    const held = yield* first.lock();
    const waiting = spawn(watched(second.lock('shared')));
    yield* yieldNow();
    held.unlock();
    (yield* waiting).unlock();
  },
  directories: function* (_, at) {
    yield* makeDir(`${at}/one`);
    yield* writeFile(`${at}/one/file`, 'x');
    yield* listDir(at);
    yield* readDir(at).forEach(() => yieldNow());
    yield* walk(at).forEach(() => yieldNow());
    yield* remove(`${at}/one`, { recursive: true });
  },
  'a watch': function* (_, at) {
    const changes = yield* watch(at);
    try {
      const writing = spawn(writeFile(`${at}/new`, 'x'));
      yield* changes.next();
      yield* writing;
    } finally {
      yield* changes.close();
    }
  },
  'a copy': function* (watched, at) {
    yield* writeFile(`${at}/from`, new Uint8Array(200_000));
    yield* watched(copyFile(`${at}/from`, `${at}/to`));
    yield* readText(`${at}/to`);
  },
  'batches of datagrams': function* (watched) {
    using server = yield* UdpSocket.bind(0);
    using client = yield* UdpSocket.connect(server.localAddress);
    const receiving = spawn(watched(server.recvMany()));
    yield* client.sendMany([{ data: encode('a') }, { data: encode('b') }]);
    yield* receiving;
  },
  'Unix datagrams': function* (watched, at) {
    using server = yield* UnixDatagram.bind(`${at}/socket`);
    using client = yield* UnixDatagram.bind();
    const receiving = spawn(watched(server.recvFrom(new Uint8Array(1))));
    yield* yieldNow();
    yield* client.sendTo(encode('a'), `${at}/socket`);
    yield* receiving;
  },
  'descriptors that are passed': function* (watched) {
    const [one, two] = yield* UnixStream.pair();
    using _one = one;
    using two_ = two;
    const reading = spawn(watched(two_.read(new Uint8Array(1))));
    yield* yieldNow();
    yield* one.writeDescriptors(encode('x'), [0]);
    yield* reading;
  },
  'a child with input, output and a file': function* (watched, at) {
    const stopped = { stopOnCancel: { grace: 0 } };
    yield* watched(new Command('cat', [], stopped).output({ input: 'text' }));
    yield* new Command('sh', ['-c', 'exit 3'], { cwd: at, ...stopped }).output();
  },
  'a byte channel': function* (watched) {
    const [sender, receiver] = byteChannel(64);
    using _sender = sender;
    using _receiver = receiver;
    const reading = coroutine(function* () {
      const target = new Uint8Array(64);
      for (let left = 200; left > 0;) left -= yield* receiver.read(target);
    });
    yield* join([watched(sender.writeAll(new Uint8Array(200))), watched(reading())]);
  },
  'a oneshot between threads': function* (watched) {
    const [sender, receiver] = threadOneshot<number>();
    using sending = sender;
    using _receiver = receiver;
    const receiving = spawn(watched(receiver.recv()));
    yield* yieldNow();
    sending.send(1);
    yield* receiving;
  },
  'a broadcast between threads': function* (watched) {
    const sender = threadBroadcast<number>(1);
    const receiver = sender.subscribe();
    using _sender = sender;
    using _receiver = receiver;
    const receiving = spawn(watched(receiver.recv()));
    yield* yieldNow();
    yield* sender.send(1);
    yield* receiving;
  },
  'a call on a thread of a pool of its own': function* (watched) {
    const pool = new BlockingPool({ threads: 1 });
    try {
      yield* watched(pool.callExport(jobs, 'add', [1, 2], { onCancel: 'terminate' }));
    } finally {
      // A close that is cancelled is not waited for.
      yield* shield(pool.close());
    }
  },
  'a task of a thread': (watched) =>
    withThreads({ count: 1 }, function* ([thread]) {
      return yield* watched(spawnOn(thread!, tasks, 'sum', [1, 2]));
    })[Symbol.iterator]() as Steps<unknown>,
};

describe('cancelled wherever it waits, leaves nothing of', () => {
  for (const [title, operation] of Object.entries(operations)) {
    void it(title, async () => {
      const at = folder();
      const clear = async (): Promise<void> => {
        await run(function* () {
          for (const name of names(at)) yield* remove(`${at}/${name}`, { recursive: true });
        });
      };
      const suspensions = await cancelEverywhere((watched) => operation(watched, at), { settle: clear });
      assert.ok(suspensions >= 1, `${suspensions} suspensions`);
      assert.deepEqual(children(), [], 'neither children nor zombies');
    });
  }
});

const threadNames = (): string[] =>
  readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim());

const atFirst = threadNames().length;

after(() => {
  // libuv's pool starts its four at the first operation on a file, and keeps them.
  const pool = threadNames().filter((name) => name.startsWith('libuv-worker')).length;
  assert.ok(threadNames().length <= atFirst + pool, `threads are left: ${threadNames().join(', ')}`);
});
