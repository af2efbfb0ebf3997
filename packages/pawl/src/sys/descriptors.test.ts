import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  closeAll,
  closeDescriptor,
  descriptorTable,
  listDescriptors,
  opened,
  type DescriptorTable,
} from './descriptors.ts';
import { localAddress, socket, socketPair } from './socket.ts';
import { EventQueue } from './queue/index.ts';

const target = (fd: number): string | undefined => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
};

describe('the table of descriptors', () => {
  it('passes failures and numbers beyond its end through', () => {
    const before = listDescriptors(descriptorTable());
    assert.equal(opened(-9), -9);
    assert.equal(opened(2 ** 30), 2 ** 30);
    assert.deepEqual(listDescriptors(descriptorTable()), before);
  });

  it('lists each number by itself', () => {
    const table: DescriptorTable = new Int32Array(new SharedArrayBuffer(16));
    table.set([1 | (1 << 31), 0, 0b110]);
    assert.deepEqual(listDescriptors(table), [0, 31, 65, 66]);
  });

  it('everything that sys opens is close-on-exec, and listed', () => {
    const fds = [socket(4), socket(6), ...socketPair()];
    using queue = new EventQueue();
    fds.push(queue.fd, queue.waker(1).handle.fd);
    for (const fd of fds) {
      const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      assert.notEqual(Number.parseInt(flags, 8) & 0o2000000, 0, `${fd} is inherited by children`);
      assert.ok(listDescriptors(descriptorTable()).includes(fd));
    }
    for (const fd of fds.slice(0, 4)) closeDescriptor(fd);
  });

  it('lets the parent close what a terminated worker left open', async () => {
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      (async () => {
        const { socket, bind, listen, localAddress } = await import(workerData.socket);
        const { EventQueue } = await import(workerData.queue);
        const { descriptorTable } = await import(workerData.descriptors);
        const fd = socket(4);
        bind(fd, { host: '127.0.0.1', port: 0, family: 4 });
        listen(fd, 1);
        globalThis.queue = new EventQueue();
        parentPort.postMessage({ table: descriptorTable(), fds: [fd, queue.fd, queue.waker(1).handle.fd] });
        setInterval(() => {}, 60_000);
      })();`;
    const url = (path: string): string => new URL(path, import.meta.url).href;
    const worker = new Worker(code, {
      eval: true,
      workerData: { socket: url('./socket.ts'), queue: url('./queue/index.ts'), descriptors: url('./descriptors.ts') },
    });
    const [message] = (await once(worker, 'message')) as [{ table: DescriptorTable; fds: number[] }];
    await worker.terminate();
    const { table, fds } = message;
    const [listener = -1] = fds;
    assert.deepEqual(
      listDescriptors(table),
      [...fds].sort((a, b) => a - b),
    );
    assert.equal(localAddress(listener).host, '127.0.0.1'); // it is still there: nobody has cleaned up
    const before = fds.map(target);
    assert.ok(before.every((name) => name !== undefined));
    assert.equal(closeAll(table), fds.length);
    // gone, or already somebody else's number
    for (const [i, fd] of fds.entries()) assert.notEqual(target(fd), before[i] ?? '');
    assert.equal(closeAll(table), 0);
  });
});
