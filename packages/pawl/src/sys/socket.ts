/**
 * TCP sockets: typed functions over the system calls.
 *
 * What must hold: every socket is NONBLOCK and CLOEXEC from birth and listed in the thread's descriptor table; a write to a dead peer is
 * EPIPE, never SIGPIPE. The calls of a connection's hot path (`accept`, `recv`, `send`, …) return -errno, because EAGAIN is no
 * error to them; the others throw a PawlError.
 *
 * Bytes go through one buffer of the arena for each direction: the kernel never sees the caller's memory, which the garbage
 * collector may move. Copying 64 bytes out costs 27 ns, 64 KiB 1.1 µs.
 */
import { Buffer } from 'node:buffer';
import { decodeSockaddr, encodeSockaddr, type SocketAddress } from './address.ts';
import { arena } from './arena.ts';
import { closeDescriptor, opened } from './descriptors.ts';
import { check, systemError } from './errno.ts';
import { requirePermission } from './ffi/index.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_NOSIGNAL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCKADDR_STORAGE_SIZE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

export type { SocketAddress } from './address.ts';
export { systemError } from './errno.ts';
export * from './socket-options.ts';

/** The most that one `recv` or `send` moves. */
export const TRANSFER_SIZE: number = 64 * 1024;

const BORN = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;

const input = arena.take(TRANSFER_SIZE);
const inputAddress = input.address;
const inputBytes = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, TRANSFER_SIZE);
const output = arena.take(TRANSFER_SIZE);
const outputAddress = output.address;
const outputBytes = output.bytes;

const name = arena.take(SOCKADDR_STORAGE_SIZE);
const nameLength = arena.take(4);
const nameLengthValue = new Uint32Array(nameLength.bytes.buffer, nameLength.bytes.byteOffset, 1);

/** A TCP socket. Throws FFI_DENIED under a permission model without the network, and the system's errors (EMFILE, EAFNOSUPPORT, …). */
export function socket(family: 4 | 6): number {
  requirePermission('net');
  return opened(check(sys.socket(family === 4 ? AF_INET : AF_INET6, BORN, 0), 'socket'));
}

/** Two connected stream sockets. */
export function socketPair(): [number, number] {
  const pair = new Int32Array(name.bytes.buffer, name.bytes.byteOffset, 2);
  check(sys.socketpair(AF_UNIX, BORN, 0, name.address), 'socketpair');
  const [first = -1, second = -1] = pair;
  return [opened(first), opened(second)];
}

/** Throws EADDRINUSE, EADDRNOTAVAIL, EACCES, … with the address. */
export function bind(fd: number, address: SocketAddress): void {
  const length = encodeSockaddr(address, name.bytes);
  check(sys.bind(fd, name.address, length), 'bind', { address: address.host, port: address.port });
}

/** Throws EADDRINUSE; `address` is for the error only. */
export function listen(fd: number, backlog: number, address?: SocketAddress): void {
  const result = sys.listen(fd, backlog);
  if (result < 0) throw systemError(result, 'listen', about(address));
}

function about(address: SocketAddress | undefined): { address?: string; port?: number } {
  return address === undefined ? {} : { address: address.host, port: address.port };
}

/** A new connection's descriptor, or -errno (-EAGAIN when there is none). Its address is in {@link acceptedAddress}. */
export function accept(fd: number): number {
  nameLengthValue[0] = SOCKADDR_STORAGE_SIZE;
  const accepted = sys.accept4(fd, name.address, nameLength.address, FLAGS);
  return accepted < 0 ? accepted : opened(accepted);
}

/** The peer of the last {@link accept} that succeeded: ask before any other call of this module. */
export function acceptedAddress(): SocketAddress {
  return decodeSockaddr(name.bytes) ?? NOWHERE;
}

// What a socket without an internet address gets (one end of a pair, for instance).
const NOWHERE: SocketAddress = Object.freeze({ host: '0.0.0.0', port: 0, family: 4 });

/** Starts connecting: 0, -EINPROGRESS (writable when it has ended: ask {@link socketError}), or the failure's -errno. */
export function connect(fd: number, address: SocketAddress): number {
  requirePermission('net');
  const length = encodeSockaddr(address, name.bytes);
  return sys.connect(fd, name.address, length);
}

/** Bytes copied into `target` (at most {@link TRANSFER_SIZE}), 0 at the end of the stream, or -errno. */
export function recv(fd: number, target: Uint8Array): number {
  const room = target.length;
  const count = sys.recv(fd, inputAddress, room < TRANSFER_SIZE ? room : TRANSFER_SIZE, 0);
  if (count > 0) inputBytes.copy(target, 0, 0, count);
  return count;
}

/** Bytes taken from `source` (at most {@link TRANSFER_SIZE}), or -errno. */
export function send(fd: number, source: Uint8Array): number {
  const length = source.length;
  if (length <= TRANSFER_SIZE) {
    outputBytes.set(source);
    return sys.send(fd, outputAddress, length, MSG_NOSIGNAL);
  }
  outputBytes.set(source.subarray(0, TRANSFER_SIZE));
  return sys.send(fd, outputAddress, TRANSFER_SIZE, MSG_NOSIGNAL);
}

/**
 * As {@link send}, over several buffers in one system call. They are gathered in the arena, where they have to go in any case: the
 * kernel's own gathering (writev) would only add the cost of its vector.
 */
export function sendVectored(fd: number, sources: readonly Uint8Array[]): number {
  let length = 0;
  for (const source of sources) {
    const room = TRANSFER_SIZE - length;
    if (source.length > room) {
      outputBytes.set(source.subarray(0, room), length);
      length = TRANSFER_SIZE;
      break;
    }
    outputBytes.set(source, length);
    length += source.length;
  }
  return sys.send(fd, outputAddress, length, MSG_NOSIGNAL);
}

/** Half-close, or both halves. 0 or -errno (ENOTCONN when the peer has already gone, which most callers do not mind). */
export function shutdown(fd: number, how: 'read' | 'write' | 'both'): number {
  return sys.shutdown(fd, how === 'read' ? SHUT_RD : how === 'write' ? SHUT_WR : SHUT_RDWR);
}

/** This end's address. */
export function localAddress(fd: number): SocketAddress {
  nameLengthValue[0] = SOCKADDR_STORAGE_SIZE;
  check(sys.getsockname(fd, name.address, nameLength.address), 'getsockname');
  return decodeSockaddr(name.bytes) ?? NOWHERE;
}

/** The other end's address. Throws ENOTCONN. */
export function peerAddress(fd: number): SocketAddress {
  nameLengthValue[0] = SOCKADDR_STORAGE_SIZE;
  check(sys.getpeername(fd, name.address, nameLength.address), 'getpeername');
  return decodeSockaddr(name.bytes) ?? NOWHERE;
}

/** Closes the descriptor. Once only: the number is free, and somebody else's, afterwards. */
export function close(fd: number): void {
  closeDescriptor(fd);
}
