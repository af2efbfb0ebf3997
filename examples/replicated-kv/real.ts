/** A group on the real network, its replicas in this process with files in a folder of their own: what an ordinary test of it does. */
import assert from 'node:assert/strict';
import { coroutine, Instant, type JoinHandle, join, PawlError, scope, sleep, spawn, timeout } from 'pawl';
import { tempDir } from 'pawl/fs';
import { Client } from 'pawl/http';
import { TcpListener } from 'pawl/net';
import { KvClient } from './client.ts';
import { type Operation, violation } from './linearizability.ts';
import type { Command, Result } from './messages.ts';
import { Replica } from './replica.ts';
import { caller, serveReplica } from './server.ts';
import { Journal } from './storage.ts';
import type { Parts } from './world.ts';

class Group {
  readonly addresses: readonly string[];
  private readonly folder: string;
  private readonly parts: Parts;
  private readonly running = new Map<string, { readonly replica: Replica; readonly task: JoinHandle<void> }>();

  constructor(addresses: readonly string[], folder: string, parts: Parts) {
    this.addresses = addresses;
    this.folder = folder;
    this.parts = parts;
  }

  start(address: string): void {
    const { replica: Made = Replica, storage = (path) => new Journal(path) } = this.parts;
    const client = new Client();
    const peers = this.addresses.filter((other) => other !== address);
    const file = `${this.folder}/${address.replace(':', '-')}`;
    const replica = new Made(address, peers, storage(file), caller(client));
    const program = coroutine(function* () {
      using _ = client;
      yield* replica.load();
      yield* serveReplica(replica);
    });
    this.running.set(address, { replica, task: spawn(program()) });
  }

  readonly stop = coroutine(function* (this: Group, address: string) {
    const { task } = this.running.get(address)!;
    this.running.delete(address);
    task.abort();
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof PawlError && error.code === 'CANCELLED')) throw error;
    }
  });

  readonly stopAll = coroutine(function* (this: Group) {
    yield* join(this.addresses.filter((address) => this.running.has(address)).map((address) => this.stop(address)));
  });

  /** Waits until somebody leads. */
  readonly leader = coroutine(function* (this: Group) {
    for (;;) {
      for (const [address, { replica }] of this.running) if (replica.role === 'leader') return address;
      yield* sleep(10);
    }
  });
}

/** Three addresses that were free just now. */
const freeAddresses = coroutine(function* () {
  const listeners = yield* join([0, 1, 2].map(() => TcpListener.bind(0)));
  const addresses = listeners.map(({ localAddress }) => `127.0.0.1:${localAddress.port}`);
  for (const listener of listeners) listener.close();
  return addresses;
});

/** Sets, reads and swaps; stops the leader, and then all of them, and starts them again; asks by several clients at once. */
export const ordinary = coroutine(function* (parts: Parts = {}) {
  const folder = yield* tempDir();
  try {
    const addresses = yield* freeAddresses();
    yield* scope(function* () {
      const group = new Group(addresses, folder.path, parts);
      for (const address of addresses) group.start(address);
      using client = new KvClient(addresses);
      // On a machine that is busy the leader may be replaced at any time. What is asked here may be done twice.
      const ask = coroutine(function* (command: Command) {
        for (;;) {
          const result = yield* timeout(30_000, client.ask(command));
          if (result !== null) return result;
        }
      });
      const done = (value: string | null): Result => ({ done: true, value });
      assert.deepEqual(yield* ask({ op: 'get', key: 'tea' }), done(null));
      assert.deepEqual(yield* ask({ op: 'set', key: 'tea', value: 'green' }), done('green'));
      assert.equal((yield* ask({ op: 'swap', key: 'tea', from: 'green', value: 'black' })).value, 'black');
      const refused = yield* ask({ op: 'swap', key: 'tea', from: null, value: 'white' });
      assert.deepEqual(refused, { done: false, value: 'black' });

      const leader = yield* group.leader();
      yield* group.stop(leader);
      yield* group.leader();
      assert.deepEqual(yield* ask({ op: 'get', key: 'tea' }), done('black'));
      assert.deepEqual(yield* ask({ op: 'set', key: 'ü/?', value: 'odd' }), done('odd'));
      group.start(leader);

      yield* group.stopAll();
      for (const address of addresses) group.start(address);
      assert.deepEqual(yield* ask({ op: 'get', key: 'tea' }), done('black'));
      assert.deepEqual(yield* ask({ op: 'get', key: 'ü/?' }), done('odd'));

      const began = Instant.now();
      const history: Operation[] = [];
      const worker = coroutine(function* (name: string) {
        using own = new KvClient(addresses);
        for (let i = 0; i < 15; i++) {
          const command: Command =
            i % 2 === 0 ? { op: 'set', key: 'shared', value: `${name}-${i}` } : { op: 'get', key: 'shared' };
          const called = began.elapsed();
          const result = yield* own.ask(command);
          history.push({
            client: name,
            command,
            called,
            returned: result === null ? Infinity : began.elapsed(),
            result,
          });
        }
      });
      yield* join(['red', 'green', 'blue'].map(worker));
      assert.equal(violation(history), null);
      yield* group.stopAll();
    });
  } finally {
    yield* folder.remove();
  }
});
