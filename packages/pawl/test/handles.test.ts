/**
 * Every kind of handle, by one table: counted in `runtime.metrics` while it is open, listed in the dump of the thread, named in the line of the
 * task that waits for it and by `assertNoLeaks` when it is left open, closed twice without harm, and of no use after that.
 *
 * A new kind gets a row in `support/handle-kinds.ts`, or below.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  coroutine,
  dumpAll,
  type Future,
  join,
  ready,
  run,
  type Runtime,
  type RuntimeMetrics,
  sleep,
  spawn,
  yieldNow,
} from 'pawl';
import * as files from 'pawl/fs';
import { copyFile, File, readDir, walk } from 'pawl/fs';
import * as net from 'pawl/net';
import { Resolver, TcpStream } from 'pawl/net';
import * as processes from 'pawl/process';
import { makeFifo, openFifoWriter } from 'pawl/process';
import type { Stream } from 'pawl/stream';
import * as threads from 'pawl/threads';
import { BlockingPool, spawnOn, withThreads } from 'pawl/threads';
import { assertNoLeaks } from 'pawl/testing';
import { dnsServer } from './support/dns-server.ts';
import { folder } from './support/folder.ts';
import { kinds, one, type Opened } from './support/handle-kinds.ts';
import { failure } from './support/loopback.ts';

const ended = (closing: void | Future<unknown>): Future<unknown> => closing ?? ready(undefined);

/** Runs a test; it has the runtime. */
async function inRuntime(body: (runtime: () => Runtime) => Future<void>): Promise<void> {
  let runtime: Runtime;
  await run(
    body(() => runtime),
    { onRuntime: (made) => (runtime = made) },
  );
}

describe('is counted, listed, named by who waits and by who looks for leaks, and closed for good:', () => {
  for (const [title, { open, count, by }] of Object.entries(kinds)) {
    void it(title, async () => {
      await inRuntime((runtime) => checked(runtime));
    });

    const checked = coroutine(function* (theRuntime: () => Runtime) {
      const runtime = theRuntime();
      const before = count(runtime.metrics);
      const handle = yield* open(folder());
      assert.equal(count(runtime.metrics), before + by, 'counted while it is open');
      assert.ok(
        dumpAll()
          .split('\n')
          .some((line) => line.startsWith('open: ') && line.includes(handle.listed)),
        `${handle.listed} is listed in ${dumpAll()}`,
      );
      if (handle.wait !== undefined) {
        const { wait, waits } = handle;
        const waiting = spawn(wait(), { name: 'waits' });
        yield* yieldNow();
        const dump = runtime.dump();
        assert.ok(dump.includes(`waits for ${waits}`), `"waits for ${waits}" in ${dump}`);
        waiting.abort();
        const { code } = yield* failure(waiting);
        assert.equal(code, 'CANCELLED');
      }
      yield* ended(handle.close());
      yield* ended(handle.close());
      assert.equal(count(runtime.metrics), before, 'counted no longer');
      assert.ok(!dumpAll().includes(handle.listed) || handle.listed === 'pipe', 'listed no longer');
      if (handle.use !== undefined) {
        const error = yield* failure(handle.use());
        assert.equal(error.code, 'CLOSED');
        assert.ok(error.message.includes(handle.closed!), `"${handle.closed}" in "${error.message}"`);
      }

      let left: Opened | undefined;
      const leak = yield* failure(
        assertNoLeaks(function* () {
          left = yield* open(folder());
        }),
      );
      assert.equal(leak.code, 'LEAK');
      assert.ok(leak.message.includes(left!.listed), `${left!.listed} in ${leak.message}`);
      yield* ended(left!.close());
      assert.equal(count(runtime.metrics), before);
      yield* assertNoLeaks(function* () {
        const kept = yield* open(folder());
        yield* ended(kept.close());
      });
    });
  }
});

/** Whatever has no handle that is closed, and is waited for. The count goes up by one. */
interface Waiting {
  readonly start: (at: string) => Future<unknown>;
  readonly waits: (at: string) => string;
  readonly count?: (metrics: RuntimeMetrics) => number;
}

const jobs = new URL('./support/thread-jobs.ts', import.meta.url);
const tasks = new URL('./support/thread-tasks.ts', import.meta.url);

const openFifo = coroutine(function* (path: string) {
  yield* makeFifo(path);
  return yield* openFifoWriter(path);
});

const lockTwice = coroutine(function* (path: string) {
  using first = yield* File.open(path, 'w');
  using second = yield* File.open(path, 'w');
  using _held = yield* first.lock('shared');
  yield* second.lock();
});

const sleepsElsewhere = (): Future<unknown> =>
  withThreads({ count: 1, name: 'worker' }, function* ([thread]) {
    return yield* spawnOn(thread!, tasks, 'cleansUp', [new Int32Array(new SharedArrayBuffer(4))]);
  });

const firstOf = coroutine(function* (stream: Stream<unknown>) {
  try {
    yield* stream.next();
  } finally {
    // What is under way belongs to the stream.
    yield* stream.close();
  }
});

/** Asks a server that says nothing. */
const unanswered = coroutine(function* (body: (resolver: Resolver) => Future<unknown>) {
  using server = yield* dnsServer(() => []);
  return yield* body(new Resolver({ servers: [server.address], hosts: null, resolvConf: null, timeout: 60_000 }));
});

const inPool = coroutine(function* (calls: (pool: BlockingPool, gate: Int32Array) => Future<unknown>) {
  const pool = new BlockingPool({ threads: 1, name: 'jobs' });
  try {
    yield* calls(pool, new Int32Array(new SharedArrayBuffer(8)));
  } finally {
    yield* pool.close();
  }
});

const waits: Record<string, Waiting> = {
  'a FIFO that nobody reads': {
    start: (at) => openFifo(`${at}/fifo`),
    waits: (at) => `waits for a reader of FIFO '${at}/fifo'`,
    count: (metrics) => metrics.timers,
  },
  'a lock that another open file has': {
    start: (at) => lockTwice(`${at}/file`),
    waits: (at) => `waits for exclusive lock of '${at}/file'`,
    count: (metrics) => metrics.timers,
  },
  'a file that is opened': {
    start: (at) => File.open(`${at}/file`, 'w'),
    waits: (at) => `waits for open '${at}/file'`,
    count: (metrics) => metrics.fileOperations,
  },
  'a file that is written': {
    start: coroutine(function* (at: string) {
      using file = yield* File.open(`${at}/file`, 'w');
      for (;;) yield* file.write(one());
    }),
    waits: (at) => `waits for write to '${at}/file'`,
    count: (metrics) => metrics.fileOperations,
  },
  'a directory that is listed': {
    start: (at) => firstOf(readDir(at)),
    waits: (at) => `waits for list of '${at}'`,
    count: (metrics) => metrics.fileOperations,
  },
  'a walk': {
    start: (at) => firstOf(walk(at)),
    waits: (at) => `'${at}`,
    count: (metrics) => metrics.fileOperations,
  },
  'a copy': {
    start: (at) => copyFile('/proc/self/exe', `${at}/copy`),
    waits: () => `waits for copy of '/proc/self/exe'`,
    count: (metrics) => metrics.fileOperations,
  },
  'a query of a resolver': {
    start: () => unanswered((resolver) => resolver.resolveTxt('a.example')),
    waits: () => 'waits for DNS answer of a.example TXT from 127.0.0.1:',
    count: (metrics) => metrics.ioWaiters,
  },
  'the attempts to connect to a name': {
    start: () => unanswered((resolver) => TcpStream.connect({ host: 'a.example', port: 9 }, { resolver })),
    waits: () => 'waits for connect to a.example:9',
    count: (metrics) => metrics.ioWaiters,
  },
  'a call that runs on a thread of a pool': {
    start: () => inPool((pool, gate) => pool.callExport(jobs, 'openAndHang', [gate], { onCancel: 'terminate' })),
    waits: () => `waits for the end of openAndHang of ${jobs.href} on thread 1 of pool "jobs"`,
    count: (metrics) => metrics.threads.calls,
  },
  'a call that waits for a thread of a pool': {
    start: () =>
      inPool((pool, gate) =>
        join([
          pool.callExport(jobs, 'openAndHang', [gate], { onCancel: 'terminate' }),
          pool.callExport(jobs, 'add', [1, 2]),
        ]),
      ),
    waits: () => `waits for a thread of pool "jobs" for add of ${jobs.href}`,
    count: (metrics) => metrics.threads.calls - 1,
  },
  'a task of a thread': {
    start: () => sleepsElsewhere(),
    waits: () => `waits for task cleansUp of ${tasks.href} on worker 0`,
    count: (metrics) => metrics.threads.tasks,
  },
  'a thread': {
    start: () => sleepsElsewhere(),
    waits: () => 'waits for the end of worker 0, which runs 1 tasks of ours',
    count: (metrics) => metrics.threads.live,
  },
};

describe('is counted and named while it is waited for, and not when that was cancelled:', () => {
  for (const [title, { start, waits: said, count }] of Object.entries(waits)) {
    const checked = coroutine(function* (theRuntime: () => Runtime) {
      const runtime = theRuntime();
      const at = folder();
      const before = count?.(runtime.metrics) ?? 0;
      const waiting = spawn(start(at), { name: 'waits' });
      const text = said(at);
      // An operation on a file may end in one turn of Node's loop; a thread takes many to start.
      yield* yieldNow();
      const isThere = (): boolean =>
        runtime.dump().includes(text) && (count === undefined || count(runtime.metrics) > before);
      while (['waiting', 'ready'].includes(waiting.state) && !isThere()) yield* sleep(1);
      assert.ok(runtime.dump().includes(text), `"${text}" in ${runtime.dump()}`);
      assert.ok(count === undefined || count(runtime.metrics) > before, 'counted while it waits');
      waiting.abort();
      assert.equal((yield* failure(waiting)).code, 'CANCELLED');
      assert.equal(count?.(runtime.metrics) ?? 0, before, 'counted no longer');
    });
    void it(title, async () => {
      await inRuntime((runtime) => assertNoLeaks(checked(runtime)));
    });
  }
});

/** Those of the modules that are closed, and the row (or the test) that has them. */
const KNOWN: Record<string, string> = {
  TcpListener: 'a TCP listener',
  TcpStream: 'a TCP connection',
  TlsListener: 'src/net/tls/leaks.test.ts',
  TlsStream: 'src/net/tls/leaks.test.ts',
  UdpSocket: 'a UDP socket',
  UnixDatagram: 'a Unix datagram socket',
  UnixListener: 'a Unix listener',
  UnixStream: 'a Unix stream',
  File: 'an open file',
  TempDir: 'src/fs/names.test.ts',
  TempFile: 'a temporary file',
  AsyncFd: 'a descriptor of anyone’s',
  Child: 'a child process',
  PipeReader: 'a pipe',
  PipeWriter: 'a pipe',
  StandardInput: 'src/process/standard.test.ts',
  StandardOutput: 'src/process/standard.test.ts',
  BlockingPool: 'a call that runs on a thread of a pool',
  ByteReceiver: 'a byte channel',
  ByteSender: 'a byte channel',
  ThreadOneshotReceiver: 'a oneshot between threads',
  ThreadOneshotSender: 'a oneshot between threads',
  ThreadReceiver: 'a channel between threads',
  ThreadSender: 'a channel between threads',
};

void it('every class whose objects are closed has its row', () => {
  const classes = Object.entries({ ...files, ...net, ...processes, ...threads })
    .filter(([, value]) => typeof value === 'function' && isDisposable((value as { prototype?: object }).prototype))
    .map(([name]) => name);
  assert.deepEqual(classes.toSorted(), Object.keys(KNOWN).toSorted());
  for (const where of Object.values(KNOWN))
    assert.ok(where in kinds || where in waits || existsSync(new URL(`../${where}`, import.meta.url)), where);
});

const isDisposable = (prototype: object | undefined): boolean =>
  prototype !== undefined && (Symbol.dispose in prototype || Symbol.asyncDispose in prototype);
