/**
 * Cache: answers for as long as they last.
 *
 * What must hold: nothing is given when its time is over, by the clock of whoever asks. There are never more than `limit` entries: the one
 * that has not been asked for longest goes first. What may not be kept (no seconds) is not.
 */
import type { Instant } from '../../driver/instant.ts';
import type { Answer } from './answer.ts';

/** Seconds for which an answer is kept at the most: a day, as resolvers do; that there is nothing, three hours (RFC 2308, 5). */
const LONGEST = 86_400;
const LONGEST_NOTHING = 10_800;

interface Entry {
  readonly answer: Answer;
  readonly until: Instant;
}

export class Cache {
  private readonly limit: number;
  /** In the order of use. */
  private readonly entries = new Map<string, Entry>();

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string, now: Instant): Answer | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    if (now.since(entry.until) >= 0) return undefined;
    this.entries.set(key, entry);
    return entry.answer;
  }

  set(key: string, answer: Answer, now: Instant): void {
    const seconds = Math.min(answer.ttl, answer.data.length === 0 ? LONGEST_NOTHING : LONGEST);
    if (!(seconds > 0) || this.limit === 0) return;
    this.entries.delete(key);
    if (this.entries.size >= this.limit) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(key, { answer, until: now.plus(seconds * 1000) });
  }

  clear(): void {
    this.entries.clear();
  }
}
