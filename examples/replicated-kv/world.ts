/**
 * A group of replicas in a simulated world, with clients that note all they do, while machines crash and are cut off. Then it is asked
 * whether what the clients have seen is linearizable.
 *
 * What must hold: replicas, server and client are those of the real network; only what this file does to their machines is not of theirs.
 */
import assert from 'node:assert/strict';
import { coroutine, sleep, timeout } from 'pawl';
import { Client } from 'pawl/http';
import type { Host, Scenario, World } from 'pawl/testing';
import { KvClient } from './client.ts';
import { type Operation, violation } from './linearizability.ts';
import type { Command, Entry } from './messages.ts';
import { Replica } from './replica.ts';
import { caller, serveReplica } from './server.ts';
import { Journal, type Storage } from './storage.ts';

/** What a group is made of: for one with a fault. */
export interface Parts {
  readonly replica?: typeof Replica;
  readonly storage?: (path: string) => Storage;
}

const MEMBERS = ['a', 'b', 'c'];
const CLIENTS = ['red', 'green', 'blue'];
const KEYS = ['x', 'y'];

/** What the machines go through, in ms. */
const TROUBLES = 6;

class Group {
  readonly world: World;
  readonly hosts: readonly Host[];
  /** Of each member's present life. */
  readonly replicas = new Map<string, Replica>();
  readonly history: Operation[] = [];
  private readonly parts: Parts;
  private clock = 0;
  private busy = true;
  private working = CLIENTS.length;

  constructor(world: World, parts: Parts) {
    this.world = world;
    this.parts = parts;
    this.hosts = MEMBERS.map((name) => world.host(name, () => this.member(name)));
    for (const name of CLIENTS) world.host(name, () => this.client(name));
    const all = [...MEMBERS, ...CLIENTS, 'main'];
    const latency = { min: 0.5, max: 1 + world.choose(60, 'how slow the network is') };
    for (const [i, from] of all.entries()) for (const to of all.slice(i + 1)) world.link(from, to, { latency });
    const leaders = new Map<number, string>();
    world.always('one leader a term', () => {
      for (const [name, { role, term }] of this.replicas) {
        if (role !== 'leader') continue;
        if (!leaders.has(term)) leaders.set(term, name);
        if (leaders.get(term) !== name) return false;
      }
      return true;
    });
    const committed: Entry[] = [];
    world.always('what is committed stays', () => {
      for (const { log, committed: upTo } of this.replicas.values()) {
        for (let i = committed.length; i <= upTo; i++) committed.push(log[i] as Entry);
        // Whoever has it in another term has another command there.
        if (log[upTo]?.term !== committed[upTo]?.term) return false;
      }
      return true;
    });
  }

  get addresses(): string[] {
    return MEMBERS.map((name) => `${this.world.address(name)}:80`);
  }

  /** The program of a member's machine. */
  private readonly member = coroutine(function* (this: Group, name: string) {
    const { replica: Made = Replica, storage = (path) => new Journal(path) } = this.parts;
    using client = new Client({ idleTimeout: 1000 });
    const own = `${this.world.address(name)}:80`;
    const peers = this.addresses.filter((address) => address !== own);
    const replica = new Made(own, peers, storage('/tmp/journal'), caller(client));
    yield* replica.load();
    this.replicas.set(name, replica);
    yield* serveReplica(replica);
  });

  /** Does one thing after another, and notes what came of it. */
  private readonly client = coroutine(function* (this: Group, name: string) {
    using client = new KvClient(this.addresses);
    for (let i = 0; this.busy; i++) {
      yield* sleep(Math.random() * 150);
      const key = KEYS[Math.floor(Math.random() * KEYS.length)] as string;
      const value = `${name}-${i}`;
      const dice = Math.random();
      const seen = this.history.findLast(({ command, result }) => command.key === key && result !== null)?.result
        ?.value;
      const command: Command =
        dice < 0.5
          ? { op: 'get', key }
          : dice < 0.8
            ? { op: 'set', key, value }
            : { op: 'swap', key, from: seen ?? null, value };
      yield* this.note(name, client, command);
    }
    this.working--;
  });

  private readonly note = coroutine(function* (this: Group, name: string, client: KvClient, command: Command) {
    const called = ++this.clock;
    const operation: Operation = { client: name, command, called, returned: Infinity, result: null };
    const at = this.history.push(operation) - 1;
    const result = yield* timeout(60_000, client.ask(command));
    if (result !== null) this.history[at] = { ...operation, returned: ++this.clock, result };
    return result;
  });

  /** Something befalls the machines. */
  readonly trouble = coroutine(function* (this: Group) {
    const { world, hosts } = this;
    const [one, ...others] = rotated(hosts, world.choose(hosts.length, 'who is in trouble')) as [Host, ...Host[]];
    switch (world.choose(4, 'what befalls it')) {
      case 0:
        for (const other of others) world.partition(one, other);
        break;
      case 1:
        for (const other of others) world.partition(one, other, { oneWay: true });
        break;
      case 2:
        yield* this.reboot(one, 500);
        break;
      default:
        // One after the other, and quickly: elections are under way.
        for (const host of [one, ...others, one]) {
          yield* this.reboot(host, 50);
          yield* sleep(world.choose(100));
        }
    }
    yield* sleep(world.choose(1000));
    if (world.chance(0.7)) world.heal();
  });

  private readonly reboot = coroutine(function* (this: Group, host: Host, most: number) {
    host.crash();
    yield* sleep(this.world.choose(most, 'how long it is down'));
    host.restart();
  });

  /** When all is well again the group answers, and everything that was seen has its place. */
  readonly settle = coroutine(function* (this: Group) {
    this.world.heal();
    this.busy = false;
    while (this.working > 0) yield* sleep(100);
    using client = new KvClient(this.addresses);
    for (const key of KEYS) {
      let attempts = 0;
      while ((yield* this.note('main', client, { op: 'get', key })) === null) assert.ok(++attempts < 10, 'no answer');
    }
    const wrong = violation(this.history);
    if (wrong !== null) assert.fail(`what was seen of "${wrong.key}" has no order:\n${wrong.told}`);
  });
}

function rotated<T>(items: readonly T[], by: number): T[] {
  return [...items.slice(by), ...items.slice(0, by)];
}

/** A group in trouble, and the check of what its clients have seen. */
export function group(parts: Parts = {}): Scenario {
  return function* (world) {
    const group = new Group(world, parts);
    yield* sleep(500);
    for (let i = 0; i < TROUBLES; i++) yield* group.trouble();
    yield* group.settle();
  };
}
