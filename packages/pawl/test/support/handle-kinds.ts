/** The kinds of handles that there are, each opened and waited for: the table of `handles.test.ts`. A new kind gets a row here. */
import { constants, openSync, readSync, writeFileSync } from 'node:fs';
import { coroutine, type Future, type RuntimeMetrics, yieldNow } from 'pawl';
import { File, readDir, tempFile, watch } from 'pawl/fs';
import { formatAddress, TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream } from 'pawl/net';
import { AsyncFd, Command, makeFifo, openFifoReader, openFifoWriter, pipe, signals } from 'pawl/process';
import { byteChannel, threadBroadcast, threadChannel, threadOneshot } from 'pawl/threads';

/** What a test does with one that is open. */
export interface Opened {
  /** Ends what is open. Called twice. */
  close(): void | Future<unknown>;
  /** A line of the dump of the thread, and of what was left behind. */
  readonly listed: string;
  /** Waits for what does not come; absent where nothing is waited for. */
  readonly wait?: () => Future<unknown>;
  /** What the line of the waiting task says. */
  readonly waits?: string;
  /** Uses it after its close; absent where that is the end of a stream. */
  readonly use?: () => Future<unknown>;
  /** The text of CLOSED. */
  readonly closed?: string;
}

export interface Kind {
  readonly open: (at: string) => Future<Opened>;
  /** Which count goes up, and by how much. */
  readonly count: (metrics: RuntimeMetrics) => number;
  readonly by: number;
}

const descriptors = (metrics: RuntimeMetrics): number => metrics.descriptors;
const files = (metrics: RuntimeMetrics): number => metrics.openFiles;
const ends = (metrics: RuntimeMetrics): number => metrics.threads.ends;

export const one = (): Uint8Array => new Uint8Array(1);
let number = 0;

export const kinds: Record<string, Kind> = {
  'a TCP listener': {
    count: descriptors,
    by: 1,
    open: coroutine(function* () {
      const listener = yield* TcpListener.bind(0);
      const at = formatAddress(listener.localAddress);
      return {
        close: () => listener.close(),
        listed: `listener at ${at}`,
        wait: () => listener.accept(),
        waits: `accept on ${at}`,
        use: () => listener.accept(),
        closed: `listener at ${at}`,
      };
    }),
  },
  'a TCP connection': {
    count: descriptors,
    by: 3,
    open: coroutine(function* () {
      const listener = yield* TcpListener.bind(0);
      const client = yield* TcpStream.connect(listener.localAddress);
      const server = yield* listener.accept();
      const at = formatAddress(client.remoteAddress);
      return {
        close: () => [client, server, listener].forEach((each) => each.close()),
        listed: `connection to ${at}`,
        wait: () => client.read(one()),
        waits: `read from ${at}`,
        use: () => client.writeAll(one()),
        closed: `connection to ${at}`,
      };
    }),
  },
  'a UDP socket': {
    count: descriptors,
    by: 1,
    open: coroutine(function* () {
      const socket = yield* UdpSocket.bind(0);
      const at = formatAddress(socket.localAddress);
      return {
        close: () => socket.close(),
        listed: `UDP socket at ${at}`,
        wait: () => socket.recvFrom(one()),
        waits: `receive on ${at}`,
        use: () => socket.recvMany(),
        closed: `UDP socket at ${at}`,
      };
    }),
  },
  'a Unix listener': {
    count: descriptors,
    by: 1,
    open: coroutine(function* (at: string) {
      const path = `${at}/socket`;
      const listener = yield* UnixListener.bind(path);
      return {
        close: () => listener.close(),
        listed: `listener at ${path}`,
        wait: () => listener.accept(),
        waits: `accept on ${path}`,
        use: () => listener.accept(),
        closed: path,
      };
    }),
  },
  'a Unix stream': {
    count: descriptors,
    by: 3,
    open: coroutine(function* (at: string) {
      const path = `${at}/socket`;
      const listener = yield* UnixListener.bind(path);
      const client = yield* UnixStream.connect(path);
      const server = yield* listener.accept();
      return {
        close: () => [client, server, listener].forEach((each) => each.close()),
        listed: `connection to ${path}`,
        wait: () => client.read(one()),
        waits: `read from ${path}`,
        use: () => client.read(one()),
        closed: `connection to ${path}`,
      };
    }),
  },
  'a Unix datagram socket': {
    count: descriptors,
    by: 1,
    open: coroutine(function* (at: string) {
      const path = `${at}/socket`;
      const socket = yield* UnixDatagram.bind(path);
      return {
        close: () => socket.close(),
        listed: `Unix datagram socket at ${path}`,
        wait: () => socket.recvFrom(one()),
        waits: `receive on ${path}`,
        use: () => socket.recvFrom(one()),
        closed: path,
      };
    }),
  },
  'a pipe': {
    count: descriptors,
    by: 2,
    open: coroutine(function* () {
      const [reader, writer] = yield* pipe();
      return {
        close: () => [reader, writer].forEach((each) => each.close()),
        listed: 'pipe',
        wait: () => reader.read(one()),
        waits: 'read from a pipe',
        use: () => writer.writeAll(one()),
        closed: 'pipe',
      };
    }),
  },
  'a FIFO': {
    count: descriptors,
    by: 2,
    open: coroutine(function* (at: string) {
      const path = `${at}/fifo`;
      yield* makeFifo(path);
      const reader = yield* openFifoReader(path);
      const writer = yield* openFifoWriter(path);
      return {
        close: () => [reader, writer].forEach((each) => each.close()),
        listed: `FIFO '${path}'`,
        wait: () => reader.read(one()),
        waits: `read from FIFO '${path}'`,
        use: () => reader.read(one()),
        closed: `FIFO '${path}'`,
      };
    }),
  },
  'a listener for signals': {
    count: (metrics) => metrics.signalListeners,
    by: 2,
    open: coroutine(function* () {
      const stream = yield* signals('SIGWINCH', 'SIGCONT');
      return {
        close: () => stream.close(),
        listed: 'signal SIGWINCH',
        wait: () => stream.next(),
        waits: 'SIGWINCH or SIGCONT',
      };
    }),
  },
  'a child process': {
    count: (metrics) => metrics.childProcesses,
    by: 1,
    open: coroutine(function* () {
      const child = yield* new Command('sleep', ['60']).spawn();
      return {
        close: () => child.stop({ grace: 0 }),
        listed: `process ${child.pid} (sleep)`,
        wait: () => child.wait(),
        waits: `end of sleep (${child.pid})`,
      };
    }),
  },
  'a descriptor of anyone’s': {
    count: descriptors,
    by: 1,
    open: coroutine(function* (at: string) {
      const path = `${at}/fifo`;
      yield* makeFifo(path);
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const watched = yield* AsyncFd.watch(fd, { own: true });
      return {
        close: () => watched.close(),
        listed: `descriptor ${fd}`,
        wait: () => watched.io('read', () => readSync(fd, one())),
        waits: `descriptor ${fd} to read`,
        use: () => watched.readable(),
        closed: `descriptor ${fd}`,
      };
    }),
  },
  'an open file': {
    count: files,
    by: 1,
    open: coroutine(function* (at: string) {
      const path = `${at}/file`;
      const file = yield* File.open(path, 'w+');
      return {
        close: () => file.close(),
        listed: `file ${path}`,
        wait: () => file.sync(),
        waits: `sync of '${path}'`,
        use: () => file.stat(),
        closed: `'${path}'`,
      };
    }),
  },
  'a directory stream': {
    count: files,
    by: 1,
    open: coroutine(function* (at: string) {
      for (let n = 0; n < 100; n++) writeFileSync(`${at}/${n}`, '');
      const stream = readDir(at);
      yield* stream.next();
      return { close: () => stream.close(), listed: `directory ${at}` };
    }),
  },
  'a mapped file': {
    count: files,
    by: 1,
    open: coroutine(function* (at: string) {
      const path = `${at}/file`;
      writeFileSync(path, 'bytes');
      const file = yield* File.open(path);
      const mapped = yield* file.map();
      file.close();
      return {
        close: () => mapped.close(),
        listed: `mapping of ${path}`,
        use: coroutine(function* () {
          yield* yieldNow();
          return mapped.read(one(), 0);
        }),
        closed: `'${path}'`,
      };
    }),
  },
  'a watch': {
    count: descriptors,
    by: 1,
    open: coroutine(function* (at: string) {
      const stream = yield* watch(at);
      return {
        close: () => stream.close(),
        listed: `watch of ${at}`,
        wait: () => stream.next(),
        waits: `a change of '${at}'`,
      };
    }),
  },
  'a temporary file': {
    count: files,
    by: 1,
    open: coroutine(function* (at: string) {
      const temporary = yield* tempFile({ directory: at });
      const { path, file } = temporary;
      return {
        close: () => temporary.remove(),
        listed: `file ${path}`,
        use: () => file.read(one()),
        closed: `'${path}'`,
      };
    }),
  },
  'a channel between threads': {
    count: ends,
    by: 2,
    open: coroutine(function* () {
      const name = `orders ${number++}`;
      const [sender, receiver] = threadChannel<number>(1, { name });
      yield* yieldNow();
      return {
        close: () => [sender, receiver].forEach((each) => each.close()),
        listed: `end of channel between threads "${name}"`,
        wait: () => receiver.recv(),
        waits: `a message from channel between threads "${name}"`,
        use: () => sender.send(1),
        closed: `"${name}"`,
      };
    }),
  },
  'a oneshot between threads': {
    count: ends,
    by: 2,
    open: coroutine(function* () {
      const name = `answer ${number++}`;
      const [sender, receiver] = threadOneshot<number>({ name });
      yield* yieldNow();
      return {
        close: () => [sender, receiver].forEach((each) => each.close()),
        listed: `end of oneshot between threads "${name}"`,
        wait: () => receiver.recv(),
        waits: `a message from oneshot between threads "${name}"`,
        use: () => receiver.recv(),
        closed: `"${name}"`,
      };
    }),
  },
  'a broadcast between threads': {
    count: ends,
    by: 2,
    open: coroutine(function* () {
      const name = `news ${number++}`;
      const sender = threadBroadcast<number>(1, { name });
      const receiver = sender.subscribe();
      yield* yieldNow();
      return {
        close: () => [sender, receiver].forEach((each) => each.close()),
        listed: `"${name}"`,
        wait: () => receiver.recv(),
        waits: `a message from broadcast between threads "${name}"`,
        use: () => sender.send(1),
        closed: `"${name}"`,
      };
    }),
  },
  'a byte channel': {
    count: ends,
    by: 2,
    open: coroutine(function* () {
      const name = `bytes ${number++}`;
      const [sender, receiver] = byteChannel(64, { name });
      yield* yieldNow();
      return {
        close: () => [sender, receiver].forEach((each) => each.close()),
        listed: `"${name}"`,
        wait: () => receiver.read(one()),
        waits: `bytes of byte channel between threads "${name}"`,
        use: () => receiver.read(one()),
        closed: `"${name}"`,
      };
    }),
  },
};
