/**
 * The interface that both levels of system calls satisfy.
 *
 * What must hold for every function: arguments are integers, addresses plain numbers; the result is the system call's own, or -errno.
 * None throws, none looks at the permission model, none records a descriptor: that is for the modules above.
 */
export interface SystemCalls {
  // One call site per function and thread runs hot here: each has a single shape.
  readonly epollWait: (epoll: number, events: number, capacity: number, timeoutMs: number) => number;
  readonly epollCtl: (epoll: number, operation: number, fd: number, event: number) => number;
  readonly recv: (fd: number, buffer: number, length: number, flags: number) => number;
  readonly send: (fd: number, buffer: number, length: number, flags: number) => number;
  readonly accept4: (fd: number, address: number, addressLength: number, flags: number) => number;
  readonly recvFrom: (
    fd: number,
    buffer: number,
    length: number,
    flags: number,
    address: number,
    addressLength: number,
  ) => number;
  readonly sendTo: (
    fd: number,
    buffer: number,
    length: number,
    flags: number,
    address: number,
    addressLength: number,
  ) => number;
  /** Without a timeout. */
  readonly recvmmsg: (fd: number, vector: number, count: number, flags: number) => number;
  readonly sendmmsg: (fd: number, vector: number, count: number, flags: number) => number;
  readonly recvmsg: (fd: number, message: number, flags: number) => number;
  readonly sendmsg: (fd: number, message: number, flags: number) => number;
  readonly read: (fd: number, buffer: number, length: number) => number;
  readonly write: (fd: number, buffer: number, length: number) => number;
  readonly close: (fd: number) => number;

  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly socketpair: (family: number, type: number, protocol: number, pair: number) => number;
  readonly bind: (fd: number, address: number, addressLength: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly connect: (fd: number, address: number, addressLength: number) => number;
  readonly shutdown: (fd: number, how: number) => number;
  readonly getsockname: (fd: number, address: number, addressLength: number) => number;
  readonly getpeername: (fd: number, address: number, addressLength: number) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: number, length: number) => number;
  readonly getsockopt: (fd: number, level: number, option: number, value: number, length: number) => number;
  readonly epollCreate1: (flags: number) => number;
  readonly eventfd: (initial: number, flags: number) => number;
  /** Anonymous private memory: its address. */
  readonly mmap: (length: number) => number;
  /** A file's bytes as memory, to be read: its address. */
  readonly mmapFile: (length: number, fd: number, offset: number) => number;
  /** Several buffers, from a position on. */
  readonly preadv2: (fd: number, vector: number, count: number, position: number, flags: number) => number;
  /** Memory of a process, one piece each: -EFAULT, not a signal, where the other side has none. */
  readonly processVmReadv: (pid: number, local: number, remote: number) => number;
  readonly flock: (fd: number, operation: number) => number;
  readonly inotifyInit1: (flags: number) => number;
  readonly inotifyAddWatch: (fd: number, path: number, mask: number) => number;
  /** Two descriptors, 32 bits each, into `pair`. */
  readonly pipe2: (pair: number, flags: number) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
  readonly ioctl: (fd: number, request: number, argument: number) => number;
  readonly kill: (pid: number, signal: number) => number;
  readonly waitid: (kind: number, id: number, info: number, options: number) => number;
  readonly pidfdOpen: (pid: number) => number;
  readonly mknodat: (directory: number, path: number, mode: number) => number;
  readonly munmap: (address: number, length: number) => number;
  readonly getpid: () => number;
}
