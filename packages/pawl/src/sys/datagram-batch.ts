/**
 * Batches of datagrams: many received or sent by one system call (recvmmsg(2), sendmmsg(2)).
 *
 * What must hold: every slot for receiving has room for the longest datagram, so that nothing is cut off. That is 4 MiB of addresses,
 * made at the first use; of each slot only the pages that something was received into cost memory.
 */
import type { SocketAddress } from './address.ts';
import { arena, type Piece } from './arena.ts';
import { alike, REFUSED, sendSegments, type Sent } from './datagram-segments.ts';
import { LONGEST, NameCell, readSource } from './datagram.ts';
import { IOVEC, MMSGHDR, MSG_NOSIGNAL, SOCKADDR_STORAGE_SIZE } from './linux.ts';
import * as sys from './syscalls/index.ts';

/** The most datagrams of one call. */
export const BATCH = 64;

/** Slots a multiple of 4 KiB apart would all begin in the same set of the processor's cache. */
const STRIDE = LONGEST + 192;

/** From so many on the kernel cuts datagrams that are alike out of one message, which costs it far less than one by one. */
const WORTHWHILE = 3;

/** What is sent by one call is gathered here. */
const GATHERED = 256 * 1024;

const HEADER_WORDS = MMSGHDR.size / 4;
const VECTOR_WORDS = IOVEC.size / 4;
const NAME_LENGTH = MMSGHDR.nameLength / 4;
const MESSAGE_LENGTH = MMSGHDR.length / 4;

/** What describes a batch to the kernel: a `struct mmsghdr` for each message, with a `struct iovec` and a name. */
class Messages {
  readonly address: number;
  readonly headers: Uint32Array;
  readonly vectors: Uint32Array;
  readonly names: Piece;

  constructor() {
    const headers = arena.take(BATCH * MMSGHDR.size);
    const vectors = arena.take(BATCH * IOVEC.size);
    this.names = arena.take(BATCH * SOCKADDR_STORAGE_SIZE);
    this.address = headers.address;
    this.headers = new Uint32Array(headers.bytes.buffer, headers.bytes.byteOffset, BATCH * HEADER_WORDS);
    this.vectors = new Uint32Array(vectors.bytes.buffer, vectors.bytes.byteOffset, BATCH * VECTOR_WORDS);
    for (let i = 0; i < BATCH; i++) {
      const at = i * HEADER_WORDS;
      setPointer(this.headers, at + MMSGHDR.vector / 4, vectors.address + i * IOVEC.size);
      this.headers[at + MMSGHDR.vectorLength / 4] = 1;
    }
  }

  /** Where message `i` is, and how long. */
  setBytes(i: number, address: number, length: number): void {
    const at = i * VECTOR_WORDS;
    setPointer(this.vectors, at, address);
    this.vectors[at + IOVEC.length / 4] = length;
  }

  /** The name of message `i`: so many bytes of its place, or none. */
  setName(i: number, length: number): void {
    const at = i * HEADER_WORDS;
    setPointer(this.headers, at + MMSGHDR.name / 4, length === 0 ? 0 : this.names.address + i * SOCKADDR_STORAGE_SIZE);
    this.headers[at + NAME_LENGTH] = length;
  }
}

function setPointer(words: Uint32Array, at: number, pointer: number): void {
  words[at] = pointer % 2 ** 32;
  words[at + 1] = Math.floor(pointer / 2 ** 32);
}

interface Inbox {
  readonly messages: Messages;
  readonly slots: Piece;
}
let inbox: Inbox | undefined;

function openInbox(): Inbox {
  const messages = new Messages();
  const slots = arena.take(BATCH * STRIDE);
  for (let i = 0; i < BATCH; i++) {
    messages.setBytes(i, slots.address + i * STRIDE, LONGEST);
    messages.setName(i, SOCKADDR_STORAGE_SIZE);
  }
  return { messages, slots };
}

/** How many were received, at most `most` (up to {@link BATCH}), or -errno. They are there until the next call. */
export function recvBatch(fd: number, most: number): number {
  inbox ??= openInbox();
  const { messages } = inbox;
  const { headers } = messages;
  // The kernel has written how long the names were that it put there.
  for (let i = 0; i < most; i++) headers[i * HEADER_WORDS + NAME_LENGTH] = SOCKADDR_STORAGE_SIZE;
  return sys.recvmmsg(fd, messages.address, most, 0);
}

/** Copies the first `count` of the last {@link recvBatch}, into one piece of memory of their own. */
export function takeBatch(count: number): { readonly data: Uint8Array; readonly from: SocketAddress }[] {
  const { messages, slots } = inbox as Inbox;
  const { headers, names } = messages;
  let total = 0;
  for (let i = 0; i < count; i++) total += headers[i * HEADER_WORDS + MESSAGE_LENGTH]!;
  const memory = new Uint8Array(total);
  const taken = [];
  let end = 0;
  for (let i = 0; i < count; i++) {
    const length = headers[i * HEADER_WORDS + MESSAGE_LENGTH]!;
    const start = end;
    end += length;
    memory.set(slots.bytes.subarray(i * STRIDE, i * STRIDE + length), start);
    const from = readSource(names.bytes, i * SOCKADDR_STORAGE_SIZE, headers[i * HEADER_WORDS + NAME_LENGTH]!);
    taken.push({ data: memory.subarray(start, end), from });
  }
  return taken;
}

interface Outbox {
  readonly messages: Messages;
  readonly bytes: Piece;
  readonly names: readonly NameCell[];
}
let outbox: Outbox | undefined;

function openOutbox(): Outbox {
  const messages = new Messages();
  const { bytes } = messages.names;
  const names = Array.from(
    { length: BATCH },
    (_, i) => new NameCell(bytes.subarray(i * SOCKADDR_STORAGE_SIZE, (i + 1) * SOCKADDR_STORAGE_SIZE)),
  );
  return { messages, bytes: arena.take(GATHERED), names };
}

/** How many of the datagrams from `first` on were sent, at least one, or the -errno of the one at `first`, which is at most {@link LONGEST} bytes. */
export function sendBatch(fd: number, datagrams: readonly Sent[], first: number): number {
  const run = alike(datagrams, first);
  if (run >= WORTHWHILE) {
    const sent = sendSegments(fd, datagrams, first, run);
    if (sent !== REFUSED) return sent;
  }
  outbox ??= openOutbox();
  const { messages, bytes, names } = outbox;
  let used = 0;
  let count = 0;
  for (let i = first; i < datagrams.length && count < BATCH; i++) {
    const { data, to } = datagrams[i]!;
    if (used + data.length > GATHERED || data.length > LONGEST) break;
    bytes.bytes.set(data, used);
    messages.setBytes(count, bytes.address + used, data.length);
    messages.setName(count, to === undefined ? 0 : names[count]!.write(to));
    used += data.length;
    count++;
  }
  return sys.sendmmsg(fd, messages.address, count, MSG_NOSIGNAL);
}
