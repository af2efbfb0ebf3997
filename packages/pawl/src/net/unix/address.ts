/** Names of Unix sockets as users write them. What cannot be one is refused before there is a socket. */
import { Buffer } from 'node:buffer';
import { driverOf } from '../../driver/driver.ts';
import type { UnixAddress, UnixDriver } from '../../driver/unix.ts';
import { PawlError } from '../../error/index.ts';
import type { Context } from '../../future/context.ts';

/** A path in the file system, or an abstract name: one that is nowhere else, needs no directory, and is gone with its socket. */
export type UnixName = string | { readonly abstract: string };

/** The kernel's 108 bytes, less the NUL. */
const LONGEST = 107;

/** Throws BAD_ADDRESS. */
export function parseUnix(name: UnixName): UnixAddress {
  const path: unknown = typeof name === 'object' && name !== null ? name.abstract : name;
  const kind = path === name ? 'path' : 'abstract';
  if (typeof path !== 'string') {
    throw new PawlError('BAD_ADDRESS', `a Unix socket has a path or { abstract: name }, got ${typeof name}`);
  }
  if (path === '') throw new PawlError('BAD_ADDRESS', 'the name of a Unix socket is empty');
  if (path.includes('\0'))
    throw new PawlError('BAD_ADDRESS', 'the name of a Unix socket cannot contain a NUL', { path });
  const length = Buffer.byteLength(path);
  if (length > LONGEST) {
    throw new PawlError(
      'BAD_ADDRESS',
      `the name of a Unix socket has at most ${LONGEST} bytes, got ${length}: '${path}'`,
      {
        path,
      },
    );
  }
  return { kind, name: path };
}

/** As a person reads it: a path as it is, an abstract name behind an `@`. */
export function formatUnix({ kind, name }: UnixAddress): string {
  if (kind === 'unnamed') return 'an unnamed socket';
  return kind === 'path' ? name : `@${name}`;
}

/** Throws UNSUPPORTED_PLATFORM. */
export function unixOf(cx: Context): UnixDriver {
  const { unix } = driverOf(cx).net;
  if (unix !== undefined) return unix;
  throw new PawlError('UNSUPPORTED_PLATFORM', 'this driver has no Unix sockets');
}
