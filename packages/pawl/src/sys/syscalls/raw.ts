/**
 * The raw level: system calls by emitted machine code, without libc and without errno. This is the level that production runs on.
 *
 * What must hold: each call below is the only user of its call site, because node:ffi's fast path needs a call site with one target (two
 * targets cost 367 ns against 120).
 */
import { loadSyscallFunctions } from '../emit/index.ts';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, SYSCALL_NUMBERS, type Arch } from '../linux.ts';
import type { SystemCalls } from './calls.ts';

/** Emits, loads and binds the system calls of this thread. Throws where the system forbids to load code from memory. */
export function rawCalls(arch: Arch): SystemCalls {
  const { i0, i1, i2, i3, i4, i5, i6, d6 } = loadSyscallFunctions(arch);
  const n = SYSCALL_NUMBERS[arch];
  // Constants of the closures: a property load from `n` in each call would be a load too many.
  const { epoll_pwait, epoll_ctl, recvfrom, sendto, recvmmsg, sendmmsg, accept4, read, write, close, preadv2 } = n;
  return {
    // aarch64 has no epoll_wait; epoll_pwait without a mask is the same on both
    epollWait: (epoll, events, capacity, timeoutMs) => i6(epoll_pwait, epoll, events, capacity, timeoutMs, 0, 8),
    epollCtl: (epoll, operation, fd, event) => i4(epoll_ctl, epoll, operation, fd, event),
    recv: (fd, buffer, length, flags) => i6(recvfrom, fd, buffer, length, flags, 0, 0),
    send: (fd, buffer, length, flags) => i6(sendto, fd, buffer, length, flags, 0, 0),
    accept4: (fd, address, addressLength, flags) => i4(accept4, fd, address, addressLength, flags),
    recvFrom: (fd, buffer, length, flags, address, addressLength) =>
      i6(recvfrom, fd, buffer, length, flags, address, addressLength),
    sendTo: (fd, buffer, length, flags, address, addressLength) =>
      i6(sendto, fd, buffer, length, flags, address, addressLength),
    recvmmsg: (fd, vector, count, flags) => i5(recvmmsg, fd, vector, count, flags, 0),
    sendmmsg: (fd, vector, count, flags) => i4(sendmmsg, fd, vector, count, flags),
    recvmsg: (fd, message, flags) => i3(n.recvmsg, fd, message, flags),
    sendmsg: (fd, message, flags) => i3(n.sendmsg, fd, message, flags),
    read: (fd, buffer, length) => i3(read, fd, buffer, length),
    write: (fd, buffer, length) => i3(write, fd, buffer, length),
    close: (fd) => i1(close, fd),

    socket: (family, type, protocol) => i3(n.socket, family, type, protocol),
    socketpair: (family, type, protocol, pair) => i4(n.socketpair, family, type, protocol, pair),
    bind: (fd, address, addressLength) => i3(n.bind, fd, address, addressLength),
    listen: (fd, backlog) => i2(n.listen, fd, backlog),
    connect: (fd, address, addressLength) => i3(n.connect, fd, address, addressLength),
    shutdown: (fd, how) => i2(n.shutdown, fd, how),
    getsockname: (fd, address, addressLength) => i3(n.getsockname, fd, address, addressLength),
    getpeername: (fd, address, addressLength) => i3(n.getpeername, fd, address, addressLength),
    setsockopt: (fd, level, option, value, length) => i5(n.setsockopt, fd, level, option, value, length),
    getsockopt: (fd, level, option, value, length) => i5(n.getsockopt, fd, level, option, value, length),
    epollCreate1: (flags) => i1(n.epoll_create1, flags),
    eventfd: (initial, flags) => i2(n.eventfd2, initial, flags),
    mmap: (length) => d6(n.mmap, 0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    mmapFile: (length, fd, offset) => d6(n.mmap, 0, length, PROT_READ, MAP_SHARED, fd, offset),
    // The position's upper half is for 32-bit systems.
    preadv2: (fd, vector, count, position, flags) => i6(preadv2, fd, vector, count, position, 0, flags),
    processVmReadv: (pid, local, remote) => i6(n.process_vm_readv, pid, local, 1, remote, 1, 0),
    flock: (fd, operation) => i2(n.flock, fd, operation),
    inotifyInit1: (flags) => i1(n.inotify_init1, flags),
    inotifyAddWatch: (fd, path, mask) => i3(n.inotify_add_watch, fd, path, mask),
    pipe2: (pair, flags) => i2(n.pipe2, pair, flags),
    fcntl: (fd, command, argument) => i3(n.fcntl, fd, command, argument),
    ioctl: (fd, request, argument) => i3(n.ioctl, fd, request, argument),
    kill: (pid, signal) => i2(n.kill, pid, signal),
    // The kernel's fifth, for what the child has used, is not the C library's.
    waitid: (kind, id, info, options) => i5(n.waitid, kind, id, info, options, 0),
    pidfdOpen: (pid) => i2(n.pidfd_open, pid, 0),
    mknodat: (directory, path, mode) => i4(n.mknodat, directory, path, mode, 0),
    munmap: (address, length) => i2(n.munmap, address, length),
    getpid: () => i0(n.getpid),
  };
}
