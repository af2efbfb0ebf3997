/**
 * Linux's numbers and layouts, in one place: system call numbers, flags and structs, for x86-64 and aarch64.
 *
 * What must hold: every value is the kernel's own (include/uapi: asm/unistd.h, asm-generic/*, linux/eventpoll.h, linux/socket.h,
 * linux/tcp.h, linux/in6.h). Both architectures are little-endian and share the "asm-generic" values; they differ in the
 * numbers of the system calls and in the packing of `struct epoll_event`.
 */
import { PawlError } from '../error/index.ts';

/** The architectures that the emitted level knows. */
export type Arch = 'x64' | 'arm64';

/** Numbers of the system calls that `sys` makes. */
export interface SyscallNumbers {
  readonly read: number;
  readonly write: number;
  readonly close: number;
  readonly mmap: number;
  readonly munmap: number;
  readonly getpid: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly bind: number;
  readonly listen: number;
  readonly accept4: number;
  readonly connect: number;
  readonly getsockname: number;
  readonly getpeername: number;
  readonly sendto: number;
  readonly recvfrom: number;
  readonly recvmsg: number;
  readonly sendmsg: number;
  readonly recvmmsg: number;
  readonly sendmmsg: number;
  readonly setsockopt: number;
  readonly getsockopt: number;
  readonly shutdown: number;
  readonly epoll_create1: number;
  readonly epoll_ctl: number;
  readonly epoll_pwait: number;
  readonly eventfd2: number;
  readonly preadv2: number;
  readonly process_vm_readv: number;
  readonly flock: number;
  readonly inotify_init1: number;
  readonly inotify_add_watch: number;
  readonly pipe2: number;
  readonly fcntl: number;
  readonly ioctl: number;
  readonly kill: number;
  readonly waitid: number;
  readonly pidfd_open: number;
  readonly mknodat: number;
}

/** By architecture: arch/x86/entry/syscalls/syscall_64.tbl, and include/uapi/asm-generic/unistd.h for aarch64. */
export const SYSCALL_NUMBERS: Readonly<Record<Arch, SyscallNumbers>> = {
  x64: {
    read: 0,
    write: 1,
    close: 3,
    mmap: 9,
    munmap: 11,
    getpid: 39,
    socket: 41,
    socketpair: 53,
    bind: 49,
    listen: 50,
    accept4: 288,
    connect: 42,
    getsockname: 51,
    getpeername: 52,
    sendto: 44,
    recvfrom: 45,
    recvmsg: 47,
    sendmsg: 46,
    recvmmsg: 299,
    sendmmsg: 307,
    setsockopt: 54,
    getsockopt: 55,
    shutdown: 48,
    epoll_create1: 291,
    epoll_ctl: 233,
    epoll_pwait: 281,
    eventfd2: 290,
    preadv2: 327,
    process_vm_readv: 310,
    flock: 73,
    inotify_init1: 294,
    inotify_add_watch: 254,
    pipe2: 293,
    fcntl: 72,
    ioctl: 16,
    kill: 62,
    waitid: 247,
    pidfd_open: 434,
    mknodat: 259,
  },
  arm64: {
    read: 63,
    write: 64,
    close: 57,
    mmap: 222,
    munmap: 215,
    getpid: 172,
    socket: 198,
    socketpair: 199,
    bind: 200,
    listen: 201,
    accept4: 242,
    connect: 203,
    getsockname: 204,
    getpeername: 205,
    sendto: 206,
    recvfrom: 207,
    recvmsg: 212,
    sendmsg: 211,
    recvmmsg: 243,
    sendmmsg: 269,
    setsockopt: 208,
    getsockopt: 209,
    shutdown: 210,
    epoll_create1: 20,
    epoll_ctl: 21,
    epoll_pwait: 22,
    eventfd2: 19,
    preadv2: 286,
    process_vm_readv: 270,
    flock: 32,
    inotify_init1: 26,
    inotify_add_watch: 27,
    pipe2: 59,
    fcntl: 25,
    ioctl: 29,
    kill: 129,
    waitid: 95,
    pidfd_open: 434,
    mknodat: 33,
  },
};

/**
 * `struct epoll_event { __poll_t events; __u64 data; }`: packed on x86-64 only (EPOLL_PACKED in linux/eventpoll.h), so that a 32-bit
 * process sees the same layout there. Elsewhere `data` is aligned to 8.
 */
export interface EpollEventLayout {
  readonly size: number;
  readonly data: number;
}
export const EPOLL_EVENT: Readonly<Record<Arch, EpollEventLayout>> = {
  x64: { size: 12, data: 4 },
  arm64: { size: 16, data: 8 },
};

/** The architecture of this process, when it is one that `sys` knows. */
export function currentArch(): Arch {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new PawlError(
      'UNSUPPORTED_PLATFORM',
      `the native driver runs on Linux on x64 and arm64, this is ${process.platform} on ${process.arch}`,
    );
  }
  return process.arch;
}

// epoll: linux/eventpoll.h
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLPRI = 0x2;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLRDHUP = 0x2000;
export const EPOLLONESHOT: number = 1 << 30;
export const EPOLLET: number = 1 << 31; // negative as an int32: the bit pattern is what counts

// eventfd: linux/eventfd.h
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;

// mmap: asm-generic/mman-common.h
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_ANONYMOUS = 0x20;

// memfd: linux/memfd.h
export const MFD_CLOEXEC = 0x1;

// sockets: linux/net.h, asm-generic/socket.h, linux/socket.h
export const AF_UNSPEC = 0;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;
export const MSG_NOSIGNAL = 0x4000;
/** The result is the message's size, also where that is more than there was room for. */
export const MSG_TRUNC = 0x20;
/** Control data that did not fit is gone, descriptors are closed. */
export const MSG_CTRUNC = 0x8;
/** Descriptors that come in a message are CLOEXEC. */
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const SCM_RIGHTS = 1;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ERROR = 4;
export const SO_BROADCAST = 6;
export const SO_PEERCRED = 17;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_KEEPALIVE = 9;
export const SO_LINGER = 13;
export const SO_REUSEPORT = 15;
/** Counters of a socket's memory (linux/sock_diag.h): an array of u32, of which SK_MEMINFO_DROPS is what was dropped on receiving. */
export const SO_MEMINFO = 55;
export const SK_MEMINFO_DROPS = 8;
export const SK_MEMINFO_SIZE = 36;

// TCP and IPv6 options: linux/tcp.h, linux/in6.h
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;

/** A message's bytes are datagrams of a given size: linux/udp.h. */
export const IPPROTO_UDP = 17;
export const UDP_SEGMENT = 103;

// What datagrams are sent with, and the groups that are listened to: linux/in.h, linux/in6.h
export const IPPROTO_IP = 0;
export const IP_TTL = 2;
export const IP_MULTICAST_IF = 32;
export const IP_MULTICAST_TTL = 33;
export const IP_MULTICAST_LOOP = 34;
export const IP_ADD_MEMBERSHIP = 35;
export const IP_DROP_MEMBERSHIP = 36;
export const IP_MULTICAST_ALL = 49;
export const IPV6_UNICAST_HOPS = 16;
export const IPV6_MULTICAST_IF = 17;
export const IPV6_MULTICAST_HOPS = 18;
export const IPV6_MULTICAST_LOOP = 19;
export const IPV6_ADD_MEMBERSHIP = 20;
export const IPV6_DROP_MEMBERSHIP = 21;
export const IPV6_MULTICAST_ALL = 29;

/** Offsets in `struct ip_mreqn` (linux/in.h): group, address of the interface, index of the interface. */
export const IP_MREQN = { size: 12, group: 0, address: 4, index: 8 } as const;
/** Offsets in `struct ipv6_mreq` (linux/in6.h). */
export const IPV6_MREQ = { size: 20, group: 0, index: 16 } as const;

/** Offsets in `struct mmsghdr` (linux/socket.h) of 64-bit systems: a `struct msghdr`, and the length of what was received or sent. */
export const MMSGHDR = {
  size: 64,
  name: 0,
  nameLength: 8,
  vector: 16,
  vectorLength: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
} as const;
/** Offsets in `struct cmsghdr` (linux/socket.h): length 64 bits, level, type; then the data. */
export const CMSG_HEADER = { size: 16, level: 8, type: 12 } as const;
/** `struct iovec`: address and length, 64 bits each. */
export const IOVEC = { size: 16, length: 8 } as const;

/** Offsets in `struct sockaddr_in` (linux/in.h): family u16, port u16 (big-endian), address, 8 bytes of padding. */
export const SOCKADDR_IN = { size: 16, port: 2, address: 4 } as const;
/** Offsets in `struct sockaddr_in6` (linux/in6.h): family u16, port u16 (big-endian), flow info u32, address, scope u32. */
export const SOCKADDR_IN6 = { size: 28, port: 2, flowInfo: 4, address: 8, scope: 24 } as const;
/** `struct sockaddr_storage`, which holds any address. */
export const SOCKADDR_STORAGE_SIZE = 128;

// files: linux/fs.h, asm-generic/fcntl.h
/** preadv2: EAGAIN instead of waiting for the disk. */
export const RWF_NOWAIT = 0x8;
export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

// inotify: linux/inotify.h
export const IN_CLOEXEC = 0o2000000;
export const IN_NONBLOCK = 0o4000;
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_UNMOUNT = 0x2000;
export const IN_Q_OVERFLOW = 0x4000;
export const IN_IGNORED = 0x8000;
/** Offsets in `struct inotify_event`: wd s32, mask, cookie, length of the name that follows, padded with NUL. */
export const INOTIFY_EVENT = { size: 16, mask: 4, cookie: 8, length: 12 } as const;

// pipes and descriptors: asm-generic/fcntl.h, linux/fcntl.h, linux/stat.h
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_DUPFD_CLOEXEC = 1030;
export const AT_FDCWD = -100;
export const S_IFIFO = 0o010000;
export const MSG_DONTWAIT = 0x40;

// children: linux/wait.h, asm-generic/siginfo.h
export const P_PID = 1;
export const WNOHANG = 0x1;
export const WEXITED = 0x4;
export const WNOWAIT = 0x1000000;
export const CLD_EXITED = 1;
/** Offsets in `siginfo_t` of 64-bit systems, of what waitid fills in. */
export const SIGINFO = { size: 128, code: 8, pid: 16, status: 24 } as const;

// terminals: asm-generic/ioctls.h, asm-generic/termbits.h
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TIOCGWINSZ = 0x5413;
/** Offsets in the kernel's `struct termios`: flags of input, output, control and the rest, 32 bits each; then the line discipline, and characters. */
export const TERMIOS = { size: 36, input: 0, output: 4, control: 8, local: 12, characters: 17 } as const;
