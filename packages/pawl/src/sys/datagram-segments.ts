/**
 * Segments: datagrams of one size to one receiver, sent as one message that the kernel cuts (UDP_SEGMENT, Linux 4.18; udp(7)).
 *
 * What must hold: what arrives is the same as if each had been sent by itself. The message is sent whole or not at all; where the kernel does
 * not take it (a datagram longer than a packet of the interface, a device that computes no checksums), it is REFUSED, and nothing was sent.
 *
 * The way through the kernel is most of a small datagram's cost: 32 of 64 bytes take 3.0 µs each by sendto or sendmmsg in C, 0.5 µs this way.
 */
import type { SocketAddress } from './address.ts';
import { arena } from './arena.ts';
import { LONGEST, NameCell } from './datagram.ts';
import { EINVAL, EMSGSIZE, errnoNumber } from './errno.ts';
import { CMSG_HEADER, IOVEC, IPPROTO_UDP, MMSGHDR, MSG_NOSIGNAL, SOCKADDR_STORAGE_SIZE, UDP_SEGMENT } from './linux.ts';
import * as sys from './syscalls/index.ts';

/** A datagram to be sent; without `to`, to the socket's peer. */
export interface Sent {
  readonly data: Uint8Array;
  readonly to?: SocketAddress;
}

/** The kernel does not cut this message: to be sent otherwise. No errno, which are below 4096. */
export const REFUSED = -65_536;

/** UDP_MAX_SEGMENTS (linux/udp.h), as it was until Linux 6.9. */
const MOST = 64;

/** What fits into one packet of IP with the headers. */
const ROOM = 65_507;

const REFUSALS: ReadonlySet<number> = new Set([
  EINVAL,
  EMSGSIZE,
  errnoNumber('EIO')!,
  errnoNumber('ENOTSUP')!,
  errnoNumber('ENOPROTOOPT')!,
]);

const bytes = arena.take(LONGEST);
const name = arena.take(SOCKADDR_STORAGE_SIZE);
const nameCell = new NameCell(name.bytes);
const vector = arena.take(IOVEC.size);
const vectorWords = words(vector.bytes);
const control = arena.take(CMSG_HEADER.size + 8);
const controlWords = words(control.bytes);
const message = arena.take(MMSGHDR.flags + 8);
const messageWords = words(message.bytes);

setPointer(vectorWords, 0, bytes.address);
setPointer(messageWords, MMSGHDR.vector / 4, vector.address);
messageWords[MMSGHDR.vectorLength / 4] = 1;
setPointer(messageWords, MMSGHDR.control / 4, control.address);
messageWords[MMSGHDR.controlLength / 4] = CMSG_HEADER.size + 8;
// The header, and a u16 for the size.
setPointer(controlWords, 0, CMSG_HEADER.size + 2);
controlWords[CMSG_HEADER.level / 4] = IPPROTO_UDP;
controlWords[CMSG_HEADER.type / 4] = UDP_SEGMENT;

function words(of: Uint8Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(of.buffer, of.byteOffset, of.length / 4);
}

function setPointer(into: Uint32Array, at: number, pointer: number): void {
  into[at] = pointer % 2 ** 32;
  into[at + 1] = Math.floor(pointer / 2 ** 32);
}

/** How many from `first` on can go in one message: they have one receiver and one size, but for the last, which may be shorter. */
export function alike(datagrams: readonly Sent[], first: number): number {
  const { data, to } = datagrams[first]!;
  const size = data.length;
  if (size === 0) return 1;
  const most = Math.min(MOST, Math.floor(ROOM / size), datagrams.length - first);
  let count = 1;
  while (count < most) {
    const next = datagrams[first + count]!;
    const { length } = next.data;
    if (length > size || length === 0 || !isSame(next.to, to)) break;
    count++;
    if (length < size) break;
  }
  return count;
}

function isSame(one: SocketAddress | undefined, other: SocketAddress | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return one.port === other.port && one.host === other.host && (one.scope ?? 0) === (other.scope ?? 0);
}

/** Sends `count` datagrams that are alike: `count`, -errno, or REFUSED. */
export function sendSegments(fd: number, datagrams: readonly Sent[], first: number, count: number): number {
  const { data, to } = datagrams[first]!;
  let used = 0;
  for (let i = first; i < first + count; i++) {
    const { data: each } = datagrams[i]!;
    bytes.bytes.set(each, used);
    used += each.length;
  }
  vectorWords[IOVEC.length / 4] = used;
  const length = to === undefined ? 0 : nameCell.write(to);
  setPointer(messageWords, MMSGHDR.name / 4, length === 0 ? 0 : name.address);
  messageWords[MMSGHDR.nameLength / 4] = length;
  controlWords[CMSG_HEADER.size / 4] = data.length;
  const sent = sys.sendmsg(fd, message.address, MSG_NOSIGNAL);
  if (sent >= 0) return count;
  return REFUSALS.has(-sent) ? REFUSED : sent;
}
