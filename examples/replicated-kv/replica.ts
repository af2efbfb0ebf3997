/**
 * Replica: one of several that keep the same values by Raft (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm",
 * 2014): a leader, elected by a majority, decides the order of all commands; what a majority has in its log is never lost.
 *
 * What must hold:
 * - What is in memory of term, vote and log is on the disk: each change is saved first, under the lock, and told to nobody before.
 * - One vote a term. A candidate whose log lacks something that may be committed gets none.
 * - A place in the log is committed when a majority has it, and the leader of this very term has put it there or something behind it.
 * - Reads go through the log as well: a leader that has been replaced, and does not know it yet, answers none.
 */
import { coroutine, type Future, Instant, join, Mutex, PawlError, shield, sleep, spawn, timeout } from 'pawl';
import { Notify, oneshot, type OneshotSender } from 'pawl/sync';
import type { AppendReply, AppendRequest, Command, Entry, Result, VoteReply, VoteRequest } from './messages.ts';
import type { Storage } from './storage.ts';
import { Values } from './values.ts';

/** Asks another replica; null when no answer comes. */
export type Call = <T>(peer: string, what: 'vote' | 'append', message: unknown) => Future<T | null>;

/** Of signs of life, in ms; whoever has heard none for one to two times PATIENCE stands for election. */
const HEARTBEAT = 50;
const PATIENCE = 200;
/** Entries in one message. */
const BATCH = 100;

/** The command goes to another replica, if it is known which; it was not carried out. */
export class NotLeader extends Error {
  readonly leader: string | null;

  constructor(leader: string | null) {
    super('not the leader');
    this.leader = leader;
  }
}

/** What has become of the command is not known: it may be carried out later. */
export class OutcomeUnknown extends Error {}

interface Waiting {
  readonly term: number;
  readonly sender: OneshotSender<Result>;
}

export class Replica {
  readonly name: string;
  readonly peers: readonly string[];
  role: 'follower' | 'candidate' | 'leader' = 'follower';
  term = 0;
  /** The first place is nobody's, so that every other one has one before it. */
  readonly log: Entry[] = [{ term: 0, command: null }];
  /** The last place that is committed; all up to it have been carried out. */
  committed = 0;
  readonly values = new Values();
  private vote: string | null = null;
  private leader: string | null = null;
  private heard = Instant.now();
  private readonly storage: Storage;
  private readonly call: Call;
  private readonly lock = new Mutex();
  /** Of each peer: the first place to send, and the last that it is known to have. */
  private readonly next = new Map<string, number>();
  private readonly match = new Map<string, number>();
  private readonly news = new Map<string, Notify>();
  private readonly waiting = new Map<number, Waiting>();

  constructor(name: string, peers: readonly string[], storage: Storage, call: Call) {
    this.name = name;
    this.peers = peers;
    this.storage = storage;
    this.call = call;
    for (const peer of peers) this.news.set(peer, new Notify());
  }

  /** Remembers what was saved. Before anything else. */
  readonly load = coroutine(function* (this: Replica) {
    for (const saved of yield* this.storage.load()) {
      if ('term' in saved) [this.term, this.vote] = [saved.term, saved.vote];
      else this.log.splice(saved.from, Infinity, ...saved.entries);
    }
  });

  /** Takes part, for ever. */
  readonly run = coroutine(function* (this: Replica) {
    for (const peer of this.peers) spawn(this.replicate(peer), { name: `replicate to ${peer}` });
    for (;;) {
      const patience = PATIENCE * (1 + Math.random());
      yield* sleep(patience - Math.min(this.heard.elapsed(), patience - 1));
      if (this.role !== 'leader' && this.heard.elapsed() >= patience) yield* this.stand();
    }
  });

  /** Carries a command out, once. Errors: {@link NotLeader}, {@link OutcomeUnknown}. */
  readonly propose = coroutine(function* (this: Replica, command: Command) {
    const [sender, receiver] = oneshot<Result>();
    // A client that goes away must not leave on the disk what is not in memory.
    yield* shield(this.append(command, sender));
    try {
      return yield* receiver.recv();
    } catch (error) {
      if (error instanceof PawlError && error.code === 'CLOSED') throw new OutcomeUnknown('the leader was replaced');
      throw error;
    }
  });

  read(key: string): Future<Result> {
    return this.propose({ op: 'get', key });
  }

  onVote(request: VoteRequest): Future<VoteReply> {
    return shield(this.decide(request));
  }

  onAppend(request: AppendRequest): Future<AppendReply> {
    return shield(this.accept(request));
  }

  /** Where the log ends. */
  private get last(): number {
    return this.log.length - 1;
  }

  private termAt(index: number): number | undefined {
    return this.log[index]?.term;
  }

  private readonly append = coroutine(function* (
    this: Replica,
    command: Command | null,
    sender?: OneshotSender<Result>,
  ) {
    using _guard = yield* this.lock.lock();
    if (this.role !== 'leader') throw new NotLeader(this.leader);
    const { term } = this;
    yield* this.store(this.log.length, [{ term, command }]);
    if (sender !== undefined) this.waiting.set(this.last, { term, sender });
    for (const news of this.news.values()) news.notifyOne();
    this.commitMajority();
  });

  private readonly decide = coroutine(function* (this: Replica, request: VoteRequest) {
    using _guard = yield* this.lock.lock();
    const { term, candidate, lastIndex, lastTerm } = request;
    const own = this.termAt(this.last) as number;
    const complete = lastTerm > own || (lastTerm === own && lastIndex >= this.last);
    const free = term > this.term || (term === this.term && (this.vote === null || this.vote === candidate));
    const granted = complete && free;
    if (granted) yield* this.remember(term, candidate);
    else if (term > this.term) yield* this.remember(term, null);
    if (granted) this.heard = Instant.now();
    return { term: this.term, granted };
  });

  private readonly accept = coroutine(function* (this: Replica, request: AppendRequest) {
    using _guard = yield* this.lock.lock();
    const { term, leader, prevIndex, prevTerm, entries, commit } = request;
    if (term < this.term) return { term: this.term, success: false, match: 0 };
    if (term > this.term) yield* this.remember(term, null);
    this.role = 'follower';
    this.leader = leader;
    this.heard = Instant.now();
    if (this.termAt(prevIndex) !== prevTerm) return { term, success: false, match: Math.min(prevIndex - 1, this.last) };
    const first = prevIndex + 1;
    const differs = entries.findIndex((entry, i) => this.termAt(first + i) !== entry.term);
    if (differs >= 0) yield* this.store(first + differs, entries.slice(differs));
    const match = prevIndex + entries.length;
    this.commit(Math.min(commit, match));
    return { term, success: true, match };
  });

  /** Under the lock: what follows `from` is replaced. */
  private readonly store = coroutine(function* (this: Replica, from: number, entries: readonly Entry[]) {
    yield* this.storage.save({ from, entries });
    this.log.splice(from, Infinity, ...entries);
  });

  /** Under the lock. Whoever led an earlier term does no more. */
  private readonly remember = coroutine(function* (this: Replica, term: number, vote: string | null) {
    yield* this.storage.save({ term, vote });
    [this.term, this.vote] = [term, vote];
    this.role = 'follower';
    this.leader = null;
    for (const { sender } of this.waiting.values()) sender.close();
    this.waiting.clear();
  });

  /** Somebody is in a later term. */
  private readonly notice = coroutine(function* (this: Replica, term: number) {
    using _guard = yield* this.lock.lock();
    if (term > this.term) yield* this.remember(term, null);
  });

  private readonly stand = coroutine(function* (this: Replica) {
    const request = yield* this.candidacy();
    const { term } = request;
    let votes = 1;
    const ask = coroutine(function* (replica: Replica, peer: string) {
      const reply = yield* replica.call<VoteReply>(peer, 'vote', request);
      if (reply === null) return;
      if (reply.term > term) yield* replica.notice(reply.term);
      if (reply.granted && ++votes > (replica.peers.length + 1) / 2) yield* replica.lead(term);
    });
    if (this.peers.length === 0) yield* this.lead(term);
    yield* join(this.peers.map((peer) => ask(this, peer)));
  });

  private readonly candidacy = coroutine(function* (this: Replica) {
    using _guard = yield* this.lock.lock();
    yield* this.remember(this.term + 1, this.name);
    this.role = 'candidate';
    this.heard = Instant.now();
    const { term, name, last } = this;
    return { term, candidate: name, lastIndex: last, lastTerm: this.termAt(last) as number };
  });

  /** Elected, if it is not too late. */
  private readonly lead = coroutine(function* (this: Replica, term: number) {
    if (this.role !== 'candidate' || this.term !== term) return;
    this.role = 'leader';
    this.leader = this.name;
    for (const peer of this.peers) {
      this.next.set(peer, this.log.length);
      this.match.set(peer, 0);
    }
    try {
      // What is in the log from earlier terms is committed behind an entry of this one.
      yield* this.append(null);
    } catch (error) {
      if (!(error instanceof NotLeader)) throw error;
    }
  });

  /** Sends a peer, for as long as this leads, what it does not have, and signs of life. */
  private readonly replicate = coroutine(function* (this: Replica, peer: string) {
    const news = this.news.get(peer) as Notify;
    for (;;) {
      const { role, term, name: leader, committed: commit } = this;
      const sent = role === 'leader';
      if (sent) {
        const next = this.next.get(peer) as number;
        const [prevIndex, entries] = [next - 1, this.log.slice(next, next + BATCH)];
        const request: AppendRequest = {
          term,
          leader,
          prevIndex,
          prevTerm: this.termAt(prevIndex) as number,
          entries,
          commit,
        };
        const reply = yield* this.call<AppendReply>(peer, 'append', request);
        if (reply !== null && reply.term > term) yield* this.notice(reply.term);
        if (reply !== null && this.role === 'leader' && this.term === term) {
          this.learn(peer, reply);
          if ((this.next.get(peer) as number) <= this.last) continue;
        }
      }
      try {
        yield* timeout(HEARTBEAT, news.notified());
      } catch (error) {
        if (!(error instanceof PawlError && error.code === 'TIMEOUT')) throw error;
      }
    }
  });

  private learn(peer: string, { success, match }: AppendReply): void {
    if (success) this.match.set(peer, match);
    this.next.set(peer, match + 1);
    this.commitMajority();
  }

  /** What a majority has, if it is of this term at its end. */
  private commitMajority(): void {
    const has = [this.last, ...this.match.values()].toSorted((a, b) => b - a);
    const index = has[Math.floor(has.length / 2)] as number;
    if (this.termAt(index) === this.term) this.commit(index);
  }

  private commit(index: number): void {
    while (this.committed < index) {
      const { term, command } = this.log[++this.committed] as Entry;
      const result = command === null ? null : this.values.carryOut(command);
      const waiting = this.waiting.get(this.committed);
      this.waiting.delete(this.committed);
      if (waiting === undefined) continue;
      if (waiting.term === term && result !== null) waiting.sender.send(result);
      else waiting.sender.close();
    }
  }
}
