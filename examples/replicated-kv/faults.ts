/**
 * Faults: mistakes that replicated stores have been found to have, each planted into a copy of the group's parts. On machines that do not
 * fail, and a network that keeps nobody apart, none of them shows.
 */
import { type Future, ready } from 'pawl';
import type { Result } from './messages.ts';
import { Replica } from './replica.ts';
import { Journal, type Saved } from './storage.ts';
import type { Parts } from './world.ts';

/** Reads from its own values: who leads has the newest, surely. But somebody else may have been elected, out of its hearing. */
class EagerReader extends Replica {
  override read(key: string): Future<Result> {
    if (this.role !== 'leader') return super.read(key);
    return ready({ done: true, value: this.values.get(key) });
  }
}

/** Says that it has saved what the machine has only in its memory. */
class UnsyncedJournal extends Journal {
  protected override sync(): Future<void> {
    return ready(undefined);
  }
}

/** Saves what is to be kept, the log: who comes back from a crash does not know that he has voted, and for whom. */
class VotelessJournal extends Journal {
  override save(record: Saved): Future<void> {
    return 'term' in record ? ready(undefined) : super.save(record);
  }
}

export const readsEarly: Parts = { replica: EagerReader };
export const forgetsToSync: Parts = { storage: (path) => new UnsyncedJournal(path) };
export const forgetsVotes: Parts = { storage: (path) => new VotelessJournal(path) };
