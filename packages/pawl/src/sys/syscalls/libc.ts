/**
 * The libc level: the same system calls through the C library's functions and the documented wrappers of node:ffi. The fallback where code
 * cannot be loaded from memory, and the check on the raw level: the same tests run on both.
 *
 * What must hold: errno is read at once after the call that failed. It belongs to the operating system's thread, on which this module's
 * whole life passes, so its address is asked for once. (Between the call and the read, node:ffi runs its wrapper; nothing there
 * makes system calls that fail, but nothing promises it either: the raw level has no such gap.)
 */
import { openLibrary, viewMemory } from '../ffi/index.ts';
import {
  currentArch,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
  SYSCALL_NUMBERS,
} from '../linux.ts';
import type { SystemCalls } from './calls.ts';

/** Binds the C library's functions for this thread. */
export function libcCalls(): SystemCalls {
  const c = openLibrary(null, {
    __errno_location: { return: 'uint64', arguments: [] },
    epoll_wait: { return: 'int32', arguments: ['int32', 'uint64', 'int32', 'int32'] },
    epoll_ctl: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64'] },
    recv: { return: 'int64', arguments: ['int32', 'uint64', 'uint64', 'int32'] },
    send: { return: 'int64', arguments: ['int32', 'uint64', 'uint64', 'int32'] },
    recvfrom: { return: 'int64', arguments: ['int32', 'uint64', 'uint64', 'int32', 'uint64', 'uint64'] },
    sendto: { return: 'int64', arguments: ['int32', 'uint64', 'uint64', 'int32', 'uint64', 'uint32'] },
    recvmmsg: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', 'int32', 'uint64'] },
    sendmmsg: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', 'int32'] },
    recvmsg: { return: 'int64', arguments: ['int32', 'uint64', 'int32'] },
    sendmsg: { return: 'int64', arguments: ['int32', 'uint64', 'int32'] },
    accept4: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'int32'] },
    read: { return: 'int64', arguments: ['int32', 'uint64', 'uint64'] },
    write: { return: 'int64', arguments: ['int32', 'uint64', 'uint64'] },
    close: { return: 'int32', arguments: ['int32'] },
    socket: { return: 'int32', arguments: ['int32', 'int32', 'int32'] },
    socketpair: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64'] },
    bind: { return: 'int32', arguments: ['int32', 'uint64', 'uint32'] },
    listen: { return: 'int32', arguments: ['int32', 'int32'] },
    connect: { return: 'int32', arguments: ['int32', 'uint64', 'uint32'] },
    shutdown: { return: 'int32', arguments: ['int32', 'int32'] },
    getsockname: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] },
    getpeername: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] },
    setsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64', 'uint32'] },
    getsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64', 'uint64'] },
    epoll_create1: { return: 'int32', arguments: ['int32'] },
    eventfd: { return: 'int32', arguments: ['uint32', 'int32'] },
    mmap: { return: 'int64', arguments: ['uint64', 'uint64', 'int32', 'int32', 'int32', 'int64'] },
    preadv2: { return: 'int64', arguments: ['int32', 'uint64', 'int32', 'int64', 'int32'] },
    process_vm_readv: { return: 'int64', arguments: ['int32', 'uint64', 'uint64', 'uint64', 'uint64', 'uint64'] },
    flock: { return: 'int32', arguments: ['int32', 'int32'] },
    inotify_init1: { return: 'int32', arguments: ['int32'] },
    inotify_add_watch: { return: 'int32', arguments: ['int32', 'uint64', 'uint32'] },
    pipe2: { return: 'int32', arguments: ['uint64', 'int32'] },
    fcntl: { return: 'int32', arguments: ['int32', 'int32', 'int64'] },
    ioctl: { return: 'int32', arguments: ['int32', 'uint64', 'uint64'] },
    kill: { return: 'int32', arguments: ['int32', 'int32'] },
    waitid: { return: 'int32', arguments: ['int32', 'uint32', 'uint64', 'int32'] },
    // Of this call the C library has a function only since glibc 2.36.
    syscall: { return: 'int64', arguments: ['int64', 'int64', 'int64'] },
    mknodat: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', 'uint64'] },
    munmap: { return: 'int32', arguments: ['uint64', 'uint64'] },
    getpid: { return: 'int32', arguments: [] },
  });
  const { pidfd_open } = SYSCALL_NUMBERS[currentArch()];
  const errno = new Int32Array(viewMemory(Number(c.__errno_location()), 4));
  const result = (value: number): number => (value === -1 ? -(errno[0] ?? 0) : value);
  const wide = (value: bigint): number => (value === -1n ? -(errno[0] ?? 0) : Number(value));
  return {
    epollWait: (epoll, events, capacity, timeoutMs) => result(c.epoll_wait(epoll, BigInt(events), capacity, timeoutMs)),
    epollCtl: (epoll, operation, fd, event) => result(c.epoll_ctl(epoll, operation, fd, BigInt(event))),
    recv: (fd, buffer, length, flags) => wide(c.recv(fd, BigInt(buffer), BigInt(length), flags)),
    send: (fd, buffer, length, flags) => wide(c.send(fd, BigInt(buffer), BigInt(length), flags)),
    accept4: (fd, address, addressLength, flags) =>
      result(c.accept4(fd, BigInt(address), BigInt(addressLength), flags)),
    recvFrom: (fd, buffer, length, flags, address, addressLength) =>
      wide(c.recvfrom(fd, BigInt(buffer), BigInt(length), flags, BigInt(address), BigInt(addressLength))),
    sendTo: (fd, buffer, length, flags, address, addressLength) =>
      wide(c.sendto(fd, BigInt(buffer), BigInt(length), flags, BigInt(address), addressLength)),
    recvmmsg: (fd, vector, count, flags) => result(c.recvmmsg(fd, BigInt(vector), count, flags, 0n)),
    sendmmsg: (fd, vector, count, flags) => result(c.sendmmsg(fd, BigInt(vector), count, flags)),
    recvmsg: (fd, message, flags) => wide(c.recvmsg(fd, BigInt(message), flags)),
    sendmsg: (fd, message, flags) => wide(c.sendmsg(fd, BigInt(message), flags)),
    read: (fd, buffer, length) => wide(c.read(fd, BigInt(buffer), BigInt(length))),
    write: (fd, buffer, length) => wide(c.write(fd, BigInt(buffer), BigInt(length))),
    close: (fd) => result(c.close(fd)),

    socket: (family, type, protocol) => result(c.socket(family, type, protocol)),
    socketpair: (family, type, protocol, pair) => result(c.socketpair(family, type, protocol, BigInt(pair))),
    bind: (fd, address, addressLength) => result(c.bind(fd, BigInt(address), addressLength)),
    listen: (fd, backlog) => result(c.listen(fd, backlog)),
    connect: (fd, address, addressLength) => result(c.connect(fd, BigInt(address), addressLength)),
    shutdown: (fd, how) => result(c.shutdown(fd, how)),
    getsockname: (fd, address, addressLength) => result(c.getsockname(fd, BigInt(address), BigInt(addressLength))),
    getpeername: (fd, address, addressLength) => result(c.getpeername(fd, BigInt(address), BigInt(addressLength))),
    setsockopt: (fd, level, option, value, length) => result(c.setsockopt(fd, level, option, BigInt(value), length)),
    getsockopt: (fd, level, option, value, length) =>
      result(c.getsockopt(fd, level, option, BigInt(value), BigInt(length))),
    epollCreate1: (flags) => result(c.epoll_create1(flags)),
    eventfd: (initial, flags) => result(c.eventfd(initial, flags)),
    mmap: (length) => wide(c.mmap(0n, BigInt(length), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0n)),
    mmapFile: (length, fd, offset) => wide(c.mmap(0n, BigInt(length), PROT_READ, MAP_SHARED, fd, BigInt(offset))),
    preadv2: (fd, vector, count, position, flags) =>
      wide(c.preadv2(fd, BigInt(vector), count, BigInt(position), flags)),
    processVmReadv: (pid, local, remote) => wide(c.process_vm_readv(pid, BigInt(local), 1n, BigInt(remote), 1n, 0n)),
    flock: (fd, operation) => result(c.flock(fd, operation)),
    inotifyInit1: (flags) => result(c.inotify_init1(flags)),
    inotifyAddWatch: (fd, path, mask) => result(c.inotify_add_watch(fd, BigInt(path), mask)),
    pipe2: (pair, flags) => result(c.pipe2(BigInt(pair), flags)),
    fcntl: (fd, command, argument) => result(c.fcntl(fd, command, BigInt(argument))),
    ioctl: (fd, request, argument) => result(c.ioctl(fd, BigInt(request), BigInt(argument))),
    kill: (pid, signal) => result(c.kill(pid, signal)),
    waitid: (kind, id, info, options) => result(c.waitid(kind, id, BigInt(info), options)),
    pidfdOpen: (pid) => wide(c.syscall(BigInt(pidfd_open), BigInt(pid), 0n)),
    mknodat: (directory, path, mode) => result(c.mknodat(directory, BigInt(path), mode, 0n)),
    munmap: (address, length) => result(c.munmap(BigInt(address), BigInt(length))),
    getpid: () => c.getpid(),
  };
}
