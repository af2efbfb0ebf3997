/**
 * errno: the kernel's error numbers, their names and messages, and the error objects made from them.
 *
 * What must hold: numbers are Linux's (include/uapi/asm-generic/errno*.h, the same on x86-64 and aarch64); names and messages are
 * those of Node's system errors where Node has one, so that a user's `error.code === 'ENOTSUP'` means the same in both.
 */
import { PawlError } from '../error/index.ts';

// The numbers that code compares with. System calls here return them negated.
export const EPERM = 1;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENOSYS = 38;
export const EMSGSIZE = 90;
export const EINPROGRESS = 115;

const TABLE: readonly (readonly [errno: number, name: string, message: string])[] = [
  [1, 'EPERM', 'operation not permitted'],
  [2, 'ENOENT', 'no such file or directory'],
  [3, 'ESRCH', 'no such process'],
  [4, 'EINTR', 'interrupted system call'],
  [5, 'EIO', 'i/o error'],
  [6, 'ENXIO', 'no such device or address'],
  [7, 'E2BIG', 'argument list too long'],
  [8, 'ENOEXEC', 'exec format error'],
  [9, 'EBADF', 'bad file descriptor'],
  [10, 'ECHILD', 'no child processes'],
  [11, 'EAGAIN', 'resource temporarily unavailable'],
  [12, 'ENOMEM', 'not enough memory'],
  [13, 'EACCES', 'permission denied'],
  [14, 'EFAULT', 'bad address in system call argument'],
  [15, 'ENOTBLK', 'block device required'],
  [16, 'EBUSY', 'resource busy or locked'],
  [17, 'EEXIST', 'file already exists'],
  [18, 'EXDEV', 'cross-device link not permitted'],
  [19, 'ENODEV', 'no such device'],
  [20, 'ENOTDIR', 'not a directory'],
  [21, 'EISDIR', 'illegal operation on a directory'],
  [22, 'EINVAL', 'invalid argument'],
  [23, 'ENFILE', 'file table overflow'],
  [24, 'EMFILE', 'too many open files'],
  [25, 'ENOTTY', 'inappropriate ioctl for device'],
  [26, 'ETXTBSY', 'text file is busy'],
  [27, 'EFBIG', 'file too large'],
  [28, 'ENOSPC', 'no space left on device'],
  [29, 'ESPIPE', 'invalid seek'],
  [30, 'EROFS', 'read-only file system'],
  [31, 'EMLINK', 'too many links'],
  [32, 'EPIPE', 'broken pipe'],
  [33, 'EDOM', 'math argument out of domain of func'],
  [34, 'ERANGE', 'result too large'],
  [35, 'EDEADLK', 'resource deadlock would occur'],
  [36, 'ENAMETOOLONG', 'name too long'],
  [37, 'ENOLCK', 'no record locks available'],
  [38, 'ENOSYS', 'function not implemented'],
  [39, 'ENOTEMPTY', 'directory not empty'],
  [40, 'ELOOP', 'too many symbolic links encountered'],
  [42, 'ENOMSG', 'no message of desired type'],
  [43, 'EIDRM', 'identifier removed'],
  [44, 'ECHRNG', 'channel number out of range'],
  [45, 'EL2NSYNC', 'level 2 not synchronized'],
  [46, 'EL3HLT', 'level 3 halted'],
  [47, 'EL3RST', 'level 3 reset'],
  [48, 'ELNRNG', 'link number out of range'],
  [49, 'EUNATCH', 'protocol driver not attached'],
  [50, 'ENOCSI', 'no CSI structure available'],
  [51, 'EL2HLT', 'level 2 halted'],
  [52, 'EBADE', 'invalid exchange'],
  [53, 'EBADR', 'invalid request descriptor'],
  [54, 'EXFULL', 'exchange full'],
  [55, 'ENOANO', 'no anode'],
  [56, 'EBADRQC', 'invalid request code'],
  [57, 'EBADSLT', 'invalid slot'],
  [59, 'EBFONT', 'bad font file format'],
  [60, 'ENOSTR', 'device not a stream'],
  [61, 'ENODATA', 'no data available'],
  [62, 'ETIME', 'timer expired'],
  [63, 'ENOSR', 'out of streams resources'],
  [64, 'ENONET', 'machine is not on the network'],
  [65, 'ENOPKG', 'package not installed'],
  [66, 'EREMOTE', 'object is remote'],
  [67, 'ENOLINK', 'link has been severed'],
  [68, 'EADV', 'advertise error'],
  [69, 'ESRMNT', 'srmount error'],
  [70, 'ECOMM', 'communication error on send'],
  [71, 'EPROTO', 'protocol error'],
  [72, 'EMULTIHOP', 'multihop attempted'],
  [73, 'EDOTDOT', 'rFS specific error'],
  [74, 'EBADMSG', 'not a data message'],
  [75, 'EOVERFLOW', 'value too large for defined data type'],
  [76, 'ENOTUNIQ', 'name not unique on network'],
  [77, 'EBADFD', 'file descriptor in bad state'],
  [78, 'EREMCHG', 'remote address changed'],
  [79, 'ELIBACC', 'can not access a needed shared library'],
  [80, 'ELIBBAD', 'accessing a corrupted shared library'],
  [81, 'ELIBSCN', '.lib section in a.out corrupted'],
  [82, 'ELIBMAX', 'attempting to link in too many shared libraries'],
  [83, 'ELIBEXEC', 'cannot exec a shared library directly'],
  [84, 'EILSEQ', 'illegal byte sequence'],
  [85, 'ERESTART', 'interrupted system call should be restarted'],
  [86, 'ESTRPIPE', 'streams pipe error'],
  [87, 'EUSERS', 'too many users'],
  [88, 'ENOTSOCK', 'socket operation on non-socket'],
  [89, 'EDESTADDRREQ', 'destination address required'],
  [90, 'EMSGSIZE', 'message too long'],
  [91, 'EPROTOTYPE', 'protocol wrong type for socket'],
  [92, 'ENOPROTOOPT', 'protocol not available'],
  [93, 'EPROTONOSUPPORT', 'protocol not supported'],
  [94, 'ESOCKTNOSUPPORT', 'socket type not supported'],
  [95, 'ENOTSUP', 'operation not supported on socket'],
  [96, 'EPFNOSUPPORT', 'protocol family not supported'],
  [97, 'EAFNOSUPPORT', 'address family not supported'],
  [98, 'EADDRINUSE', 'address already in use'],
  [99, 'EADDRNOTAVAIL', 'address not available'],
  [100, 'ENETDOWN', 'network is down'],
  [101, 'ENETUNREACH', 'network is unreachable'],
  [102, 'ENETRESET', 'network dropped connection because of reset'],
  [103, 'ECONNABORTED', 'software caused connection abort'],
  [104, 'ECONNRESET', 'connection reset by peer'],
  [105, 'ENOBUFS', 'no buffer space available'],
  [106, 'EISCONN', 'socket is already connected'],
  [107, 'ENOTCONN', 'socket is not connected'],
  [108, 'ESHUTDOWN', 'cannot send after transport endpoint shutdown'],
  [109, 'ETOOMANYREFS', 'too many references: cannot splice'],
  [110, 'ETIMEDOUT', 'connection timed out'],
  [111, 'ECONNREFUSED', 'connection refused'],
  [112, 'EHOSTDOWN', 'host is down'],
  [113, 'EHOSTUNREACH', 'host is unreachable'],
  [114, 'EALREADY', 'connection already in progress'],
  [115, 'EINPROGRESS', 'operation now in progress'],
  [116, 'ESTALE', 'stale file handle'],
  [117, 'EUCLEAN', 'structure needs cleaning'],
  [118, 'ENOTNAM', 'not a XENIX named type file'],
  [119, 'ENAVAIL', 'no XENIX semaphores available'],
  [120, 'EISNAM', 'is a named type file'],
  [121, 'EREMOTEIO', 'remote I/O error'],
  [122, 'EDQUOT', 'quota exceeded'],
  [123, 'ENOMEDIUM', 'no medium found'],
  [124, 'EMEDIUMTYPE', 'wrong medium type'],
  [125, 'ECANCELED', 'operation canceled'],
  [126, 'ENOKEY', 'required key not available'],
  [127, 'EKEYEXPIRED', 'key has expired'],
  [128, 'EKEYREVOKED', 'key has been revoked'],
  [129, 'EKEYREJECTED', 'key was rejected by service'],
  [130, 'EOWNERDEAD', 'owner died'],
  [131, 'ENOTRECOVERABLE', 'state not recoverable'],
  [132, 'ERFKILL', 'operation not possible due to RF-kill'],
  [133, 'EHWPOISON', 'memory page has hardware error'],
];

// Second names for one number: they lead to it, and are never given out.
const ALIASES: readonly (readonly [name: string, errno: number])[] = [
  ['EWOULDBLOCK', 11],
  ['EDEADLOCK', 35],
  ['EOPNOTSUPP', 95],
];

const names = new Map(TABLE.map(([errno, name]) => [errno, name]));
const messages = new Map(TABLE.map(([errno, , message]) => [errno, message]));
const numbers = new Map([...TABLE.map(([errno, name]) => [name, errno] as const), ...ALIASES]);

/** The name of a positive errno (`11` is `'EAGAIN'`), or `'E<number>'` for one that is not in the table. */
export function errnoName(errno: number): string {
  return names.get(errno) ?? `E${errno}`;
}

/** What the errno means, in a few words. */
export function errnoMessage(errno: number): string {
  return messages.get(errno) ?? 'unknown error';
}

/** The positive errno of a name, aliases included (`'EWOULDBLOCK'` is 11). */
export function errnoNumber(name: string): number | undefined {
  return numbers.get(name);
}

/** What a failed system call was about. */
export interface SystemErrorContext {
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
  readonly dest?: string;
}

// Node writes what the code means for set-up calls ("listen EADDRINUSE: address already in use …"), and only the code for
// the calls of a connection's life ("connect ECONNREFUSED …", "read ECONNRESET").
const BARE: ReadonlySet<string> = new Set(['accept', 'connect', 'read', 'write', 'shutdown']);

/**
 * The error of a failed system call: its code is the errno's name, and `errno` is negative, as in Node. Takes the errno with either
 * sign, so that a call's negative result can be handed over as it is.
 */
export function systemError(errno: number, syscall: string, context: SystemErrorContext = {}): PawlError {
  const number = Math.abs(errno);
  const code = errnoName(number);
  const { address, port, path, dest } = context;
  let message: string;
  if (path === undefined) {
    message = `${syscall} ${code}`;
    if (!BARE.has(syscall)) message += `: ${errnoMessage(number)}`;
    if (address !== undefined) message += port === undefined ? ` ${address}` : ` ${address}:${port}`;
  } else {
    message = `${code}: ${errnoMessage(number)}, ${syscall} '${path}'`;
    if (dest !== undefined) message += ` -> '${dest}'`;
  }
  return new PawlError(code, message, { errno: -number, syscall, ...context });
}

/** A call's result when it is not negative, otherwise throws its {@link systemError}. */
export function check(result: number, syscall: string, context?: SystemErrorContext): number {
  if (result < 0) throw systemError(result, syscall, context);
  return result;
}
