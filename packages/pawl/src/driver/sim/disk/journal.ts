/**
 * Journal: changes of names that are not durable yet.
 *
 * What must hold: a change is durable after its directory was synced; a rename is one change, in both directories at once. Changes of one name become
 * durable in their order: whoever makes a later one durable does so with the earlier ones. What was never synced survives a crash by chance, one by one.
 */
import type { DirectoryInode, Inode } from './inode.ts';

/** One name's new meaning; null: none. */
export interface NameChange {
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly inode: Inode | null;
}

/** Changes that become durable together. */
type Entry = readonly NameChange[];

export class Journal {
  private entries: Entry[] = [];

  add(...changes: NameChange[]): void {
    this.entries.push(changes);
  }

  /** Makes what concerns a directory durable. */
  sync(directory: DirectoryInode): void {
    this.commit((entry) => entry.some((change) => change.directory === directory));
  }

  /** A crash: what is not durable and does not survive is gone. */
  crash(survives: () => boolean): void {
    this.commit(survives);
    this.entries = [];
  }

  /** Makes those entries durable that `wanted` chooses, and the earlier ones about the same names. */
  private commit(wanted: (entry: Entry) => boolean): void {
    const chosen = this.entries.map(wanted);
    for (let at = chosen.length - 1; at >= 0; at--) {
      if (!chosen[at]) continue;
      for (let earlier = 0; earlier < at; earlier++)
        if (!chosen[earlier] && concern(this.entries[earlier]!, this.entries[at]!)) chosen[earlier] = true;
    }
    for (const [at, entry] of this.entries.entries()) if (chosen[at]) for (const change of entry) makeDurable(change);
    this.entries = this.entries.filter((_, at) => !chosen[at]);
  }
}

/** Whether both are about one name. */
function concern(one: Entry, other: Entry): boolean {
  return one.some((a) => other.some((b) => a.directory === b.directory && a.name === b.name));
}

function makeDurable({ directory, name, inode }: NameChange): void {
  if (inode === null) directory.durable.delete(name);
  else directory.durable.set(name, inode);
}
