/**
 * Split brain: whoever hears nothing of the leader any more takes its place. Behind a partition there are two then, or, where two are impatient
 * at once, two of the same term. Who must be elected by a majority is alone: each member votes once in a term.
 */
import assert from 'node:assert/strict';
import { coroutine, Mutex, sleep, spawn } from 'pawl';
import { UdpSocket } from 'pawl/net';
import type { Scenario } from 'pawl/testing';
import type { Fault } from './fault.ts';

const MEMBERS = ['a', 'b', 'c'];
const PORT = 7000;
/** Nobody has heard of the leader for so many ms. */
const PATIENCE = 150;

interface Message {
  readonly from: string;
  readonly kind: 'alive' | 'elect me' | 'vote';
  readonly term: number;
}

/** What the members have in common. */
interface Cluster {
  /** Votes that make a leader. */
  readonly needed: number;
  /** Who has led in which term. */
  readonly leaders: Map<number, string>;
  readonly addressOf: (member: string) => string;
}

class Member {
  private readonly name: string;
  private readonly socket: UdpSocket;
  private readonly cluster: Cluster;
  private readonly others: readonly string[];
  private readonly sending = new Mutex();
  private term = 0;
  private leads = false;
  private heard = performance.now();
  private votes = new Set<string>();

  constructor(name: string, socket: UdpSocket, cluster: Cluster) {
    this.name = name;
    this.socket = socket;
    this.cluster = cluster;
    this.others = MEMBERS.filter((member) => member !== name);
  }

  /** Listens for the others. */
  readonly listen = coroutine(function* (this: Member) {
    const buffer = new Uint8Array(1000);
    for (;;) {
      const { size } = yield* this.socket.recvFrom(buffer);
      const message = JSON.parse(new TextDecoder().decode(buffer.subarray(0, size))) as Message;
      const { from, kind, term } = message;
      const later = term > this.term;
      if (later) {
        this.term = term;
        this.leads = false;
      }
      if (kind === 'alive' && term === this.term) this.heard = performance.now();
      // One vote a term: it has gone to another, or to itself, unless the term is new.
      if (kind === 'elect me' && later) yield* this.tell([from], 'vote', term);
      if (kind === 'vote' && term === this.term) this.count(from);
    }
  });

  readonly run = coroutine(function* (this: Member) {
    for (;;) {
      if (this.leads) yield* this.tell(this.others, 'alive', this.term);
      else if (performance.now() - this.heard > PATIENCE) {
        this.term++;
        this.votes = new Set();
        this.count(this.name);
        yield* this.tell(this.others, 'elect me', this.term);
        this.heard = performance.now();
      }
      yield* sleep(30 + Math.random() * 60);
    }
  });

  private count(voter: string): void {
    this.votes.add(voter);
    const { needed, leaders } = this.cluster;
    if (this.leads || this.votes.size < needed) return;
    assert.ok(!leaders.has(this.term), `two lead in term ${this.term}`);
    this.leads = true;
    leaders.set(this.term, this.name);
  }

  /** The term is that of whoever asked for it: it may be another one when the socket is free. */
  private readonly tell = coroutine(function* (
    this: Member,
    to: readonly string[],
    kind: Message['kind'],
    term: number,
  ) {
    const message: Message = { from: this.name, kind, term };
    using _guard = yield* this.sending.lock();
    for (const member of to) {
      const host = this.cluster.addressOf(member);
      yield* this.socket.sendTo(new TextEncoder().encode(JSON.stringify(message)), { host, port: PORT });
    }
  });
}

const cluster = (needed: number): Scenario =>
  function* (world) {
    const leaders = new Map<number, string>();
    const shared: Cluster = { needed, leaders, addressOf: (member) => world.address(member) };
    for (const name of MEMBERS) {
      world.host(name, function* () {
        using socket = yield* UdpSocket.bind(`0.0.0.0:${PORT}`);
        const member = new Member(name, socket, shared);
        spawn(member.listen());
        yield* member.run();
      });
    }
    for (let i = 0; i < 3; i++) {
      yield* sleep(500 + world.choose(500));
      const cut = MEMBERS[world.choose(3)]!;
      for (const other of MEMBERS) if (other !== cut) world.partition(cut, other);
      yield* sleep(100 + world.choose(1000));
      world.heal();
    }
    yield* sleep(5000);
    assert.ok(leaders.size > 0, 'nobody leads');
  };

export const splitBrain: Fault = {
  faulty: cluster(1),
  corrected: cluster(2),
  shows: /two lead in term \d/,
};
