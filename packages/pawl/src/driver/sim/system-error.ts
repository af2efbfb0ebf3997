/**
 * The errors of a simulated kernel: the same objects, with the same numbers and words, as the native driver makes of Linux's.
 *
 * What must hold: code, errno, syscall, address and port are what a program would see on Linux. Only the few errors that a simulated
 * kernel has are here; the table of all of them is `sys/errno.ts`, which a simulated world does not load.
 */
import { PawlError } from '../../error/index.ts';
import type { SocketAddress } from '../driver.ts';

const ERRORS = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  EBADF: [9, 'bad file descriptor'],
  EBUSY: [16, 'resource busy or locked'],
  EEXIST: [17, 'file already exists'],
  ENODEV: [19, 'no such device'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'illegal operation on a directory'],
  EINVAL: [22, 'invalid argument'],
  EMFILE: [24, 'too many open files'],
  EACCES: [13, 'permission denied'],
  EPIPE: [32, 'broken pipe'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many symbolic links encountered'],
  EDESTADDRREQ: [89, 'destination address required'],
  EMSGSIZE: [90, 'message too long'],
  EADDRINUSE: [98, 'address already in use'],
  EADDRNOTAVAIL: [99, 'address not available'],
  ENETUNREACH: [101, 'network is unreachable'],
  ECONNRESET: [104, 'connection reset by peer'],
  ETIMEDOUT: [110, 'connection timed out'],
  ECONNREFUSED: [111, 'connection refused'],
} as const;

export type SimErrorCode = keyof typeof ERRORS;

export type SimCall =
  | 'socket'
  | 'bind'
  | 'listen'
  | 'accept'
  | 'connect'
  | 'read'
  | 'write'
  | 'recv'
  | 'send'
  | 'join'
  | 'leave'
  | 'inotify_init';

/** Of which Node says the code only. */
const BARE: ReadonlySet<string> = new Set(['accept', 'connect', 'read', 'write']);

export function systemError(code: SimErrorCode, syscall: SimCall, about?: SocketAddress): PawlError {
  const [errno, words] = ERRORS[code];
  const message = BARE.has(syscall) ? `${syscall} ${code}` : `${syscall} ${code}: ${words}`;
  if (about === undefined) return new PawlError(code, message, { errno: -errno, syscall });
  const { host: address, port } = about;
  return new PawlError(code, `${message} ${address}:${port}`, { errno: -errno, syscall, address, port });
}

export type FileCall =
  | 'open'
  | 'stat'
  | 'lstat'
  | 'opendir'
  | 'scandir'
  | 'mkdir'
  | 'rmdir'
  | 'unlink'
  | 'rename'
  | 'link'
  | 'symlink'
  | 'readlink'
  | 'realpath'
  | 'read'
  | 'write'
  | 'ftruncate'
  | 'flock'
  | 'mmap'
  | 'inotify_add_watch';

export function fileError(code: SimErrorCode, syscall: FileCall, path: string, dest?: string): PawlError {
  const [errno, words] = ERRORS[code];
  const message = `${code}: ${words}, ${syscall} '${path}'`;
  if (dest === undefined) return new PawlError(code, message, { errno: -errno, syscall, path });
  return new PawlError(code, `${message} -> '${dest}'`, { errno: -errno, syscall, path, dest });
}
