/**
 * Inodes: files, directories and symbolic links of a simulated disk, apart from their names.
 *
 * What must hold: a file has two contents, the one that programs see and the one that a crash leaves, and between them the changes that
 * were not synced. A directory has two sets of entries in the same way.
 */
import type { EntryType, FileStatus, LockKind } from '../../files.ts';
import { Content } from './content.ts';

/** What is told to whoever watches an inode. */
export interface Watcher {
  tell(kind: 'created' | 'removed' | 'modified' | 'closed-write' | 'attributes' | 'gone', name?: string): void;
  moved(kind: 'moved-from' | 'moved-to', name: string, cookie: number): void;
}

/** A change of a file's content. */
export type Change = { readonly at: number; readonly bytes: Uint8Array } | { readonly length: number };

export abstract class Inode {
  abstract readonly type: EntryType;
  readonly number: number;
  permissions: number;
  uid = 0;
  gid = 0;
  links = 0;
  accessed: number;
  modified: number;
  changed: number;
  readonly created: number;
  /** Where its name is: of several, one. */
  parent: DirectoryInode | null = null;
  name = '';
  readonly watchers: Set<Watcher> = new Set();

  /** `now`: time of day. */
  constructor(number: number, permissions: number, now: number) {
    this.number = number;
    this.permissions = permissions;
    this.accessed = now;
    this.modified = now;
    this.changed = now;
    this.created = now;
  }

  abstract get size(): number;

  status(): FileStatus {
    const { type, size, permissions, uid, gid, links, number: inode, accessed, modified, changed, created } = this;
    return { type, size, permissions, uid, gid, links, device: 1, inode, accessed, modified, changed, created };
  }

  /** To its own watchers, and to those of its directory. */
  tell(kind: 'modified' | 'closed-write' | 'attributes'): void {
    for (const watcher of this.watchers) watcher.tell(kind);
    for (const watcher of this.parent?.watchers ?? []) watcher.tell(kind, this.name);
  }
}

export class FileInode extends Inode {
  readonly type = 'file';
  content: Content = new Content();
  private durable = new Content();
  private unsynced: Change[] = [];
  /** By whoever has opened it. */
  readonly locks: Map<object, LockKind> = new Map();

  override get size(): number {
    return this.content.length;
  }

  /** True when it was clean before. */
  change(change: Change): boolean {
    apply(this.content, change);
    return this.unsynced.push(change) === 1;
  }

  sync(): void {
    for (const change of this.unsynced) apply(this.durable, change);
    this.unsynced.length = 0;
  }

  /** A crash: `survives` says how much of an unsynced change is there, none (0), all (1), or the beginning of its bytes. */
  crash(survives: () => number): void {
    for (const change of this.unsynced) {
      const part = survives();
      if (part <= 0) continue;
      if (part >= 1 || !('bytes' in change)) apply(this.durable, change);
      else apply(this.durable, { at: change.at, bytes: change.bytes.subarray(0, tear(change.bytes.length * part)) });
    }
    this.unsynced.length = 0;
    this.content = this.durable.copy();
    this.locks.clear();
  }
}

/** A disk writes whole sectors. */
function tear(length: number): number {
  return Math.floor(length / 512) * 512;
}

function apply(content: Content, change: Change): void {
  if ('bytes' in change) content.write(change.bytes, change.at);
  else content.truncate(change.length);
}

export class DirectoryInode extends Inode {
  readonly type = 'directory';
  entries: Map<string, Inode> = new Map();
  /** What a crash leaves: written by the journal. */
  durable: Map<string, Inode> = new Map();

  override get size(): number {
    return 4096;
  }
}

export class LinkInode extends Inode {
  readonly type = 'symlink';
  readonly target: string;

  constructor(number: number, now: number, target: string) {
    super(number, 0o777, now);
    this.target = target;
  }

  override get size(): number {
    return this.target.length;
  }
}
