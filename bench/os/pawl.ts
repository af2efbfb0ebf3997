/** The os measures in Pawl. */
import { join } from 'node:path';
import { coroutine, run } from 'pawl';
import { File, walk } from 'pawl/fs';
import { UdpSocket } from 'pawl/net';
import { Command } from 'pawl/process';
import type { Implementation } from '../harness/measure.ts';
import { BLOCK, blocks, DATAGRAM, FOLDER, WINDOW } from './measures.ts';

const folder = process.env[FOLDER] ?? '';

const datagrams = coroutine(function* (n: number) {
  using receiver = yield* UdpSocket.bind(0);
  using sender = yield* UdpSocket.bind(0);
  const to = receiver.localAddress;
  const data = new Uint8Array(DATAGRAM);
  const target = new Uint8Array(2048);
  let received = 0;
  while (received < n) {
    for (let i = 0; i < WINDOW; i++) yield* sender.sendTo(data, to);
    for (let i = 0; i < WINDOW; i++) if ((yield* receiver.recvFrom(target)).size === DATAGRAM) received++;
  }
  return received;
});

const batches = coroutine(function* (n: number) {
  using receiver = yield* UdpSocket.bind(0);
  using sender = yield* UdpSocket.bind(0);
  const batch = Array.from({ length: WINDOW }, () => ({ data: new Uint8Array(DATAGRAM), to: receiver.localAddress }));
  let received = 0;
  while (received < n) {
    yield* sender.sendMany(batch);
    for (let left = WINDOW; left > 0;) {
      const got = yield* receiver.recvMany(left);
      left -= got.length;
      for (const { data } of got) if (data.length === DATAGRAM) received++;
    }
  }
  return received;
});

const walkTree = coroutine(function* () {
  let count = 0;
  yield* walk(join(folder, 'tree')).forEach(({ type }) => {
    if (type === 'file' || type === 'directory') count++;
  });
  return count;
});

const reads = coroutine(function* (n: number) {
  using file = yield* File.open(join(folder, 'file'));
  const target = new Uint8Array(BLOCK);
  let sum = 0;
  for (const block of blocks(n)) {
    yield* file.readAt(target, block * BLOCK);
    sum += target[0]!;
  }
  return sum;
});

const writes = coroutine(function* (n: number) {
  using file = yield* File.open(join(folder, `written-${process.pid}`), 'w');
  const source = new Uint8Array(BLOCK);
  let count = 0;
  for (const block of blocks(n)) {
    yield* file.writeAt(source, block * BLOCK);
    count++;
  }
  return count;
});

const children = coroutine(function* (n: number) {
  const command = new Command('true', [], { stdout: 'null', stderr: 'null' });
  let ended = 0;
  for (let i = 0; i < n; i++) if ((yield* command.status()).success) ended++;
  return ended;
});

const outputs = coroutine(function* (n: number) {
  const command = new Command('echo', ['hello'], { stderr: 'null' });
  let ended = 0;
  for (let i = 0; i < n; i++) if ((yield* command.output()).text === 'hello\n') ended++;
  return ended;
});

export default {
  datagrams: (n) => run(datagrams(n)),
  batches: (n) => run(batches(n)),
  walk: () => run(walkTree()),
  reads: (n) => run(reads(n)),
  writes: (n) => run(writes(n)),
  children: (n) => run(children(n)),
  outputs: (n) => run(outputs(n)),
} satisfies Implementation;
