/** SimDirectory: a directory of a simulated disk that is being listed. What is there when it is first asked is what it tells of. */
import { PawlError } from '../../../error/index.ts';
import type { DirectoryEntry, DirectoryHandle, Operation } from '../../files.ts';
import { QUICK } from './file.ts';
import type { SimFiles } from './files.ts';
import type { DirectoryInode } from './inode.ts';
import { DiskOperation } from './operation.ts';

/** Entries of one answer. */
const FETCHED = 32;

export class SimDirectory implements DirectoryHandle {
  closed = false;
  private readonly files: SimFiles;
  private readonly path: string;
  private left: readonly DirectoryEntry[] | null = null;
  private readonly inode: DirectoryInode;

  constructor(files: SimFiles, inode: DirectoryInode, path: string) {
    this.files = files;
    this.inode = inode;
    this.path = path;
    files.opened.add(this);
  }

  get what(): string {
    return `directory ${this.path}`;
  }

  next(): Operation<readonly DirectoryEntry[]> {
    return new DiskOperation<readonly DirectoryEntry[]>(this.files, {
      takes: QUICK,
      act: () => {
        if (this.closed)
          throw new PawlError('CLOSED', `the directory has been closed: '${this.path}'`, { path: this.path });
        const entries = this.left ?? entriesOf(this.inode);
        this.left = entries.slice(FETCHED);
        return entries.slice(0, FETCHED);
      },
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.files.opened.delete(this);
  }
}

export function entriesOf(directory: DirectoryInode): DirectoryEntry[] {
  return [...directory.entries].map(([name, { type }]) => ({ name, type }));
}
