/**
 * Datagram sockets: typed functions over the system calls, one datagram at a time.
 *
 * What must hold: as in `socket.ts`: NONBLOCK and CLOEXEC from birth, listed, and the calls of the hot path return -errno. What is received
 * is in this module's memory until the next call, and is copied out before it.
 *
 * An address costs more to read and write than the call itself, and a socket talks to few: the last of each is remembered with its bytes.
 */
import { Buffer } from 'node:buffer';
import { decodeSockaddr, encodeSockaddr, type SocketAddress } from './address.ts';
import { arena } from './arena.ts';
import { opened } from './descriptors.ts';
import { check } from './errno.ts';
import { requirePermission } from './ffi/index.ts';
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCKADDR_STORAGE_SIZE,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

/** What one datagram can have at the most: 65,535 bytes of an IP packet, less the headers of IPv4 (IPv6 allows 20 bytes more). */
export const LONGEST: number = 64 * 1024;

const BORN = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

const input = arena.take(LONGEST);
const inputAddress = input.address;
const inputBytes = Buffer.from(input.bytes.buffer, input.bytes.byteOffset, LONGEST);
const output = arena.take(LONGEST);
const outputAddress = output.address;
const outputBytes = output.bytes;

const source = arena.take(SOCKADDR_STORAGE_SIZE);
const sourceAddress = source.address;
const sourceBytes = source.bytes;
const sourceLength = arena.take(4);
const sourceLengthAddress = sourceLength.address;
const sourceLengthValue = new Uint32Array(sourceLength.bytes.buffer, sourceLength.bytes.byteOffset, 1);

/** A UDP socket. Throws FFI_DENIED under a permission model without the network, and the system's errors. */
export function udpSocket(family: 4 | 6): number {
  requirePermission('net');
  return opened(check(sys.socket(family === 4 ? AF_INET : AF_INET6, BORN, 0), 'socket'));
}

/** A `struct sockaddr` in memory that the kernel may read, with the address that it was written from. */
export class NameCell {
  readonly #bytes: Uint8Array;
  #host = '';
  #port = -1;
  #scope = 0;
  length = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  write(address: SocketAddress): number {
    const { host, port, scope = 0 } = address;
    if (host !== this.#host || port !== this.#port || scope !== this.#scope) {
      this.#port = -1;
      this.length = encodeSockaddr(address, this.#bytes);
      this.#host = host;
      this.#port = port;
      this.#scope = scope;
    }
    return this.length;
  }
}

/** The address that was read last, with the bytes that it was read from. */
const lastSource = { bytes: new Uint8Array(SOCKADDR_STORAGE_SIZE), length: 0, address: null as SocketAddress | null };

const NOWHERE: SocketAddress = Object.freeze({ host: '0.0.0.0', port: 0, family: 4 });

/** The address of `length` bytes at `at`. */
export function readSource(bytes: Uint8Array, at: number, length: number): SocketAddress {
  const last = lastSource;
  if (last.address !== null && last.length === length) {
    let i = 0;
    while (i < length && bytes[at + i] === last.bytes[i]) i++;
    if (i === length) return last.address;
  }
  const whole = bytes.subarray(at, at + SOCKADDR_STORAGE_SIZE);
  const address = Object.freeze(decodeSockaddr(whole) ?? NOWHERE);
  last.bytes.set(whole.subarray(0, length));
  last.length = length;
  last.address = address;
  return address;
}

/** The datagram's size, or -errno. As much of it as there is room for is in `target`; its sender is in {@link receivedFrom}. */
export function recvFrom(fd: number, target: Uint8Array): number {
  const room = target.length;
  sourceLengthValue[0] = SOCKADDR_STORAGE_SIZE;
  const size = sys.recvFrom(
    fd,
    inputAddress,
    room < LONGEST ? room : LONGEST,
    MSG_TRUNC,
    sourceAddress,
    sourceLengthAddress,
  );
  if (size > 0) inputBytes.copy(target, 0, 0, size < room ? size : room);
  return size;
}

/** The sender of what the last {@link recvFrom} has received: ask before the next call. */
export function receivedFrom(): SocketAddress {
  return readSource(sourceBytes, 0, sourceLengthValue[0] ?? 0);
}

const destination = arena.take(SOCKADDR_STORAGE_SIZE);
const destinationAddress = destination.address;
const destinationName = new NameCell(destination.bytes);

/** Bytes sent (all), or -errno. `data` has at most {@link LONGEST} bytes; `to` is null for the peer of a connected socket. */
export function sendTo(fd: number, data: Uint8Array, to: SocketAddress | null): number {
  outputBytes.set(data);
  if (to === null) return sys.sendTo(fd, outputAddress, data.length, MSG_NOSIGNAL, 0, 0);
  const length = destinationName.write(to);
  return sys.sendTo(fd, outputAddress, data.length, MSG_NOSIGNAL, destinationAddress, length);
}

/** Fixes the peer, or lets it go. 0 or -errno. */
export function connectDatagram(fd: number, peer: SocketAddress | null): number {
  if (peer !== null) return sys.connect(fd, destinationAddress, destinationName.write(peer));
  unspecified.bytes.fill(0, 0, SOCKADDR_STORAGE_SIZE);
  unspecified.bytes[0] = AF_UNSPEC;
  return sys.connect(fd, unspecified.address, 16);
}

const unspecified = arena.take(SOCKADDR_STORAGE_SIZE);
