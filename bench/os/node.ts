/** The os measures over node:dgram, node:fs/promises and node:child_process. */
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Implementation } from '../harness/measure.ts';
import { BLOCK, blocks, DATAGRAM, FOLDER, WINDOW } from './measures.ts';

const folder = process.env[FOLDER] ?? '';

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function datagrams(n: number): Promise<number> {
  const receiver = await bound();
  const sender = await bound();
  const { port, address } = receiver.address();
  const data = new Uint8Array(DATAGRAM);
  let received = 0;
  let left = 0;
  let done = (): void => {};
  receiver.on('message', (message) => {
    if (message.length === DATAGRAM) received++;
    if (--left === 0) done();
  });
  for (let sent = 0; sent < n; sent += WINDOW) {
    await new Promise<void>((resolve) => {
      left = WINDOW;
      done = resolve;
      for (let i = 0; i < WINDOW; i++) sender.send(data, port, address);
    });
  }
  receiver.close();
  sender.close();
  return received;
}

async function walk(): Promise<number> {
  let count = 0;
  const pending = [join(folder, 'tree')];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) pending.push(`${directory}/${entry.name}`);
      if (entry.isFile() || entry.isDirectory()) count++;
    }
  }
  return count;
}

async function reads(n: number): Promise<number> {
  const file = await open(join(folder, 'file'));
  const target = new Uint8Array(BLOCK);
  let sum = 0;
  for (const block of blocks(n)) {
    await file.read(target, 0, BLOCK, block * BLOCK);
    sum += target[0]!;
  }
  await file.close();
  return sum;
}

async function writes(n: number): Promise<number> {
  const file = await open(join(folder, `written-${process.pid}`), 'w');
  const source = new Uint8Array(BLOCK);
  let count = 0;
  for (const block of blocks(n)) {
    await file.write(source, 0, BLOCK, block * BLOCK);
    count++;
  }
  await file.close();
  return count;
}

async function children(n: number): Promise<number> {
  let ended = 0;
  for (let i = 0; i < n; i++) {
    const [code] = (await once(spawn('true', [], { stdio: 'ignore' }), 'exit')) as [number];
    if (code === 0) ended++;
  }
  return ended;
}

async function outputs(n: number): Promise<number> {
  let ended = 0;
  for (let i = 0; i < n; i++) {
    const child = spawn('echo', ['hello'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (data) => (text += String(data)));
    await once(child, 'close');
    if (text === 'hello\n') ended++;
  }
  return ended;
}

export default { datagrams, walk, reads, writes, children, outputs } satisfies Implementation;
