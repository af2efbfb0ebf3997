/**
 * Unix sockets: addresses, datagrams, descriptors in messages, and who is at the other end. Streams are read and written as TCP's, by `socket.ts`.
 *
 * What must hold: as there. Descriptors that are received are CLOEXEC from birth; they are their receiver's, and not listed.
 */
import { Buffer } from 'node:buffer';
import { arena } from './arena.ts';
import { LONGEST } from './datagram.ts';
import { opened } from './descriptors.ts';
import { check, errnoNumber, systemError } from './errno.ts';
import { requirePath, requirePermission } from './ffi/index.ts';
import {
  AF_UNIX,
  CMSG_HEADER,
  IOVEC,
  MMSGHDR,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SCM_RIGHTS,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from './linux.ts';
import * as sys from './syscalls/index.ts';

export interface UnixAddress {
  readonly kind: 'path' | 'abstract' | 'unnamed';
  readonly name: string;
}

/** `struct sockaddr_un` (linux/un.h): the family, and a name of so many bytes. */
const NAME_SIZE = 108;
const FAMILY_SIZE = 2;

const UNNAMED: UnixAddress = Object.freeze({ kind: 'unnamed', name: '' });

const name = arena.take(FAMILY_SIZE + NAME_SIZE + 1);
const nameBytes = Buffer.from(name.bytes.buffer, name.bytes.byteOffset, FAMILY_SIZE + NAME_SIZE);
const nameLength = arena.take(4);
const nameLengthValue = new Uint32Array(nameLength.bytes.buffer, nameLength.bytes.byteOffset, 1);

const ENAMETOOLONG = errnoNumber('ENAMETOOLONG')!;

/** Writes the address, and gives its length. Throws ENAMETOOLONG: a name has at most 107 bytes. */
function encode({ kind, name: text }: UnixAddress, syscall: string): number {
  nameBytes.fill(0);
  nameBytes[0] = AF_UNIX;
  if (kind === 'unnamed') return FAMILY_SIZE;
  const bytes = Buffer.from(text);
  if (bytes.length >= NAME_SIZE) throw systemError(ENAMETOOLONG, syscall, { path: text });
  // An abstract name begins with a NUL and ends with the address; a path ends with one.
  bytes.copy(nameBytes, kind === 'abstract' ? FAMILY_SIZE + 1 : FAMILY_SIZE);
  return FAMILY_SIZE + bytes.length + 1;
}

function decode(length: number): UnixAddress {
  if (length <= FAMILY_SIZE) return UNNAMED;
  if (nameBytes[FAMILY_SIZE] === 0)
    return { kind: 'abstract', name: nameBytes.toString('utf8', FAMILY_SIZE + 1, Math.min(length, nameBytes.length)) };
  const end = nameBytes.indexOf(0, FAMILY_SIZE);
  return { kind: 'path', name: nameBytes.toString('utf8', FAMILY_SIZE, end < 0 ? nameBytes.length : end) };
}

/** A socket. Throws FFI_DENIED under a permission model without the network, and the system's errors. */
export function unixSocket(type: 'stream' | 'datagram'): number {
  requirePermission('net');
  const born = (type === 'stream' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return opened(check(sys.socket(AF_UNIX, born, 0), 'socket'));
}

export function bindUnix(fd: number, address: UnixAddress): void {
  if (address.kind === 'path') requirePath('fs.write', address.name);
  check(sys.bind(fd, name.address, encode(address, 'bind')), 'bind', { path: address.name });
}

/** 0 or -errno (-EAGAIN while a listener's queue is full). */
export function connectUnix(fd: number, address: UnixAddress): number {
  return sys.connect(fd, name.address, encode(address, 'connect'));
}

export function localUnix(fd: number): UnixAddress {
  nameLengthValue[0] = nameBytes.length;
  check(sys.getsockname(fd, name.address, nameLength.address), 'getsockname');
  return decode(nameLengthValue[0] ?? 0);
}

export function peerUnix(fd: number): UnixAddress {
  nameLengthValue[0] = nameBytes.length;
  check(sys.getpeername(fd, name.address, nameLength.address), 'getpeername');
  return decode(nameLengthValue[0] ?? 0);
}

/** `struct ucred` (linux/socket.h): pid, uid, gid; then the length, for getsockopt. */
const credentials = arena.take(16);
const credentialInts = new Int32Array(credentials.bytes.buffer, credentials.bytes.byteOffset, 4);

export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  credentialInts[3] = 12;
  check(sys.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials.address, credentials.address + 12), 'getsockopt');
  const [pid = 0, uid = 0, gid = 0] = credentialInts;
  // Ids are unsigned.
  return { pid, uid: uid >>> 0, gid: gid >>> 0 };
}

const bytes = arena.take(LONGEST);
const byteView = Buffer.from(bytes.bytes.buffer, bytes.bytes.byteOffset, LONGEST);

/** The datagram's size, or -errno; its sender is in {@link receivedFromUnix}. */
export function recvFromUnix(fd: number, target: Uint8Array): number {
  const room = Math.min(target.length, LONGEST);
  nameLengthValue[0] = nameBytes.length;
  const size = sys.recvFrom(fd, bytes.address, room, MSG_TRUNC, name.address, nameLength.address);
  if (size > 0) byteView.copy(target, 0, 0, Math.min(size, room));
  return size;
}

/** Ask right after the call. */
export function receivedFromUnix(): UnixAddress {
  return decode(nameLengthValue[0] ?? 0);
}

/** Bytes sent (all), or -errno. At most {@link LONGEST}. */
export function sendToUnix(fd: number, data: Uint8Array, to: UnixAddress | null): number {
  byteView.set(data);
  if (to === null) return sys.sendTo(fd, bytes.address, data.length, MSG_NOSIGNAL, 0, 0);
  const length = encode(to, 'send');
  return sys.sendTo(fd, bytes.address, data.length, MSG_NOSIGNAL, name.address, length);
}

/** The most descriptors of one message: SCM_MAX_FD (net/scm.h). */
export const MOST_DESCRIPTORS = 253;

/** One message with one piece of bytes, and room for descriptors. */
const message = arena.take(MMSGHDR.flags + 8);
const messageWords = new Uint32Array(message.bytes.buffer, message.bytes.byteOffset, (MMSGHDR.flags + 8) / 4);
const vector = arena.take(IOVEC.size);
const vectorWords = new Uint32Array(vector.bytes.buffer, vector.bytes.byteOffset, IOVEC.size / 4);
const control = arena.take(CMSG_HEADER.size + 4 * (MOST_DESCRIPTORS + 1));
const controlWords = new Uint32Array(control.bytes.buffer, control.bytes.byteOffset, control.bytes.length / 4);

function setPointer(words: Uint32Array, at: number, pointer: number): void {
  words[at] = pointer % 2 ** 32;
  words[at + 1] = Math.floor(pointer / 2 ** 32);
}

setPointer(vectorWords, 0, bytes.address);
setPointer(messageWords, MMSGHDR.vector / 4, vector.address);
messageWords[MMSGHDR.vectorLength / 4] = 1;

function setControl(length: number): void {
  setPointer(messageWords, MMSGHDR.control / 4, length === 0 ? 0 : control.address);
  messageWords[MMSGHDR.controlLength / 4] = length;
}

/** A control message's length is rounded up to 8. */
const space = (count: number): number => CMSG_HEADER.size + Math.ceil((4 * count) / 8) * 8;

/** Bytes taken from `source`, or -errno. The descriptors go with the first. */
export function sendDescriptors(fd: number, source: Uint8Array, descriptors: readonly number[]): number {
  const length = Math.min(source.length, LONGEST);
  byteView.set(length === source.length ? source : source.subarray(0, length));
  vectorWords[IOVEC.length / 4] = length;
  const count = descriptors.length;
  if (count > 0) {
    setPointer(controlWords, 0, CMSG_HEADER.size + 4 * count);
    controlWords[CMSG_HEADER.level / 4] = SOL_SOCKET;
    controlWords[CMSG_HEADER.type / 4] = SCM_RIGHTS;
    for (let i = 0; i < count; i++) controlWords[CMSG_HEADER.size / 4 + i] = descriptors[i]!;
  }
  setControl(count === 0 ? 0 : space(count));
  return sys.sendmsg(fd, message.address, MSG_NOSIGNAL);
}

/** What has come, or -errno. Descriptors beyond `most` have been closed by the kernel. */
export function recvDescriptors(
  fd: number,
  target: Uint8Array,
  most: number,
): { readonly length: number; readonly descriptors: readonly number[]; readonly truncated: boolean } {
  const room = Math.min(target.length, LONGEST);
  vectorWords[IOVEC.length / 4] = room;
  // Without the rounding: the kernel would use that for one more.
  setControl(most === 0 ? 0 : CMSG_HEADER.size + 4 * most);
  const length = sys.recvmsg(fd, message.address, MSG_CMSG_CLOEXEC);
  const descriptors: number[] = [];
  if (length < 0) return { length, descriptors, truncated: false };
  if (length > 0) byteView.copy(target, 0, 0, length);
  const came = messageWords[MMSGHDR.controlLength / 4]!;
  if (
    came >= CMSG_HEADER.size &&
    controlWords[CMSG_HEADER.level / 4] === SOL_SOCKET &&
    controlWords[CMSG_HEADER.type / 4] === SCM_RIGHTS
  ) {
    const end = controlWords[0]! / 4;
    for (let at = CMSG_HEADER.size / 4; at < end; at++) descriptors.push(controlWords[at]!);
  }
  return { length, descriptors, truncated: (messageWords[MMSGHDR.flags / 4]! & MSG_CTRUNC) !== 0 };
}
