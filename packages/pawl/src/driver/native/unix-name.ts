/**
 * The name that a Unix socket has in the file system, and whose it is.
 *
 * What must hold: it is removed with its socket, and only if it is still that socket's. While that is open, the kernel keeps its inode (unix(7)), so
 * no other file can have the same.
 */
import { lstatSync, unlinkSync } from 'node:fs';
import type { UnixAddress } from '../unix.ts';

export class BoundName {
  readonly address: UnixAddress;
  private readonly identity: string | null;

  /** For a socket that has just been bound. */
  constructor(address: UnixAddress) {
    this.address = address;
    this.identity = identityOf(address);
  }

  /** To be called before the socket is closed. Its name would lead nowhere, and nobody could have it again. */
  remove(): void {
    if (this.identity === null || identityOf(this.address) !== this.identity) return;
    try {
      unlinkSync(this.address.name);
    } catch {
      // Somebody has taken it away already, or does not allow it any more.
    }
  }
}

/** What tells a file from every other one; null if there is none. */
function identityOf({ kind, name }: UnixAddress): string | null {
  if (kind !== 'path') return null;
  try {
    const { dev, ino } = lstatSync(name, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}
